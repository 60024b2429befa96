"""Hurt a whole stack under load by a seeded plan, and judge what it kept of its promises.

`make chaos` runs it; what each kind of fault does, promises and shows stands in `kinds.py`.
"""
