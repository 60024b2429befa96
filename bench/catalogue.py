"""Everything that `make bench` measures, in its order: the load first, as it warms the stack."""

from bench.rows import cores, knee, load, peer

WORKS = (
    load.DEFAULT,
    peer.OFFERS,
    knee.KNEE,
    load.PEAK,
    load.MEMORY,
    cores.GATE,
    cores.CORE,
)
