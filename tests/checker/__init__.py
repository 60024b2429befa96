"""The independent checker: decides from logs, rows and a journal whether the promises were kept.

It imports the wire (`proto/gen`), drivers and the standard library, and nothing of the services:
its reading of `docs/protocol.md` is its own, so that an error in theirs is not repeated here.
"""
