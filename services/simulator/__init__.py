"""Rehearse a whole federation: desks, callers, contacts, measured from outside."""
