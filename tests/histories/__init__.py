"""Histories of real runs, kept: simulated callers and contacts, every log of their stack.

Folding one must give the same state in every later version; see `tests/replay`. `quiet` is a small
load that nothing disturbs. In `deaths` one of two dispatchers is paused for seven seconds and
wakes to another in its place; then the gateway and the other dispatcher are killed. To keep one
more: bring up a stack, let `python -m services.simulator run` work on it, and then
`python -m tests.histories NAME --state FOLDER --journal FILE`.
"""
