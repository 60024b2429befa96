"""Everything that `make bench` measures, in its order: the load first, as it warms the stack.

Deaths come soon after, while the log is young: whoever comes back reads all of it.
"""

from bench.rows import cores, deaths, gateway, knee, load, loops, overload, peer, recorder

WORKS = (
    load.DEFAULT,
    peer.OFFERS,
    deaths.DEATHS,
    knee.KNEE,
    overload.OVERLOAD,
    load.PEAK,
    load.MEMORY,
    loops.ROUTER,
    cores.GATE,
    loops.DISPATCHER,
    cores.CORE,
    recorder.RECORDER,
    gateway.GATEWAY,
)
