"""Name what the person at a desk can be doing."""

import enum


class Stance(enum.Enum):
    """What the person at the desk is doing."""

    AWAY = "away"
    READY = "ready"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"
    RESTING = "resting"
