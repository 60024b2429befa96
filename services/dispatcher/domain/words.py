"""The closed lists of the domain; numbers are those of the wire."""

import enum

ANY_LANGUAGE = ""
NOT_ANSWERING = "not_answering"


class Activity(enum.IntEnum):
    """What a session is doing."""

    OFFLINE = 1
    AVAILABLE = 2
    OFFERED = 3
    ON_CALL = 4
    WRAP_UP = 5
    PAUSED = 6
    DRAINING = 7


class Presence(enum.IntEnum):
    """Whether a session's stream is there."""

    PRESENT = 1
    SUSPECT = 2
    GONE = 3


class Place(enum.IntEnum):
    """Where a live contact is."""

    QUEUED = 1
    OFFERED = 2
    CONFIRMED = 3
    ON_CALL = 4
    WRAP_UP = 5


class Disposition(enum.IntEnum):
    """What came of a call."""

    REACHED = 1
    NO_ANSWER = 2
    BUSY = 3
    WRONG_NUMBER = 4
    CALL_BACK = 5
    OPT_OUT = 6
    NOT_GIVEN = 7


class EndReason(enum.IntEnum):
    """Why a release ended."""

    OUTCOME = 1
    NOT_GIVEN = 2
    NEVER_DIALLED = 3
    INTERRUPTED = 4
    WITHDRAWN = 5
    STOPPED = 6
    UNREADABLE = 7


class ReturnReason(enum.IntEnum):
    """Why a contact goes back to the bank."""

    MAX_WAIT = 1
    TIME_OVER = 2
    MISSED = 3
    STALE_MAP = 4
    MAP_AWAITED = 5
    STALE_POLICY = 6
    DRAINED = 7
    STOPPED = 8
    WRONG_PARTITION = 9
    BY_HAND = 10


Objection = ReturnReason | EndReason
"""Why a queued or offered contact must leave: back to the bank, or for good."""


class RescindReason(enum.IntEnum):
    """Why an offer was taken back."""

    SESSION_GONE = 1
    SESSION_LEFT = 2
    SESSION_REPLACED = 3
    WITHDRAWN = 4
    STOPPED = 5
    STALE = 6
    DRAINED = 7
    BY_HAND = 8


class SignOutReason(enum.IntEnum):
    """Why a session is over."""

    ASKED = 1
    GONE = 2
    DRAINED = 3
    ENDED = 4


class DrainReason(enum.IntEnum):
    """Why a session drains."""

    ASKED = 1
    PAUSED_TOO_LONG = 2
    CENTRE = 3
    ENDED = 4


class RefusalReason(enum.IntEnum):
    """Why a command was refused."""

    UNKNOWN_SESSION = 1
    LOWER_GENERATION = 2
    NO_SUCH_OFFER = 3
    NOT_ALLOWED = 4
    WRONG_ACTIVITY = 5
    UNKNOWN_CENTRE = 6
    INVALID_FIELD = 7
    TOO_LATE = 8
    UNKNOWN_CONTACT = 9
    WITH_CALLER = 10


class NotUnsealedReason(enum.IntEnum):
    """Why a confirmed number was not shown."""

    WITHDRAWN = 1
    STOPPED = 2
    UNREADABLE = 3
    LATE = 4


class StopScope(enum.IntEnum):
    """What a stop covers."""

    ALL = 1
    CAMPAIGN = 2
    SEAT = 3
    CENTRE = 4


class WithdrawalKind(enum.IntEnum):
    """Why a person or contact is withdrawn."""

    OPT_OUT = 1
    RECALL = 2
    ERASE = 3
