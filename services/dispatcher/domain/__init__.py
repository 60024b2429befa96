"""The rules of dispatch: values, `decide`, `evolve`; no clock, no chance, no I/O.

Points in time and durations are integers in milliseconds (`…_ms`), points in broker time since the
Unix epoch; ids are the strings and bytes of the wire.
"""
