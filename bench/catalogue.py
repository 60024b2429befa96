"""Everything that `make bench` measures, in its order."""

from bench.rows import cores

WORKS = (cores.GATE, cores.CORE)
