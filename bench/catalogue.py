"""Everything that `make bench` measures, in its order: the load first, as it warms the stack."""

from bench.rows import cores, deaths, gateway, knee, load, loops, peer, recorder

WORKS = (
    load.DEFAULT,
    peer.OFFERS,
    knee.KNEE,
    load.PEAK,
    deaths.DEATHS,
    load.MEMORY,
    loops.ROUTER,
    cores.GATE,
    loops.DISPATCHER,
    cores.CORE,
    recorder.RECORDER,
    gateway.GATEWAY,
)
