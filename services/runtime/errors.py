"""The ways in which things fail, decided by who can act.

PoisonError         an input cannot be understood: dead letter with a reason, under a ceiling
TransientError      the world is away: retried with back-off, then the process ends
PromiseBrokenError  a promise could not be kept: the process ends with 70, loudly
SettingsError       the settings are wrong: the process ends with 78

An expected refusal is none of these: it is a fact.
"""

EXIT_PROMISE_BROKEN = 70
EXIT_SETTINGS = 78


class PoisonError(Exception):
    """An input cannot be understood.

    Attributes:
        field: Name of the field that is wrong; empty when the whole input is unreadable.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class TransientError(Exception):
    """The world is away for now; trying again may help."""


class PromiseBrokenError(Exception):
    """Going on would break a promise; the process must end."""


class HeldBackError(Exception):
    """Not now: too many of its kind came within a minute; what asked for it waits."""


class SettingsError(Exception):
    """The settings are wrong; the message lists every problem."""


def reasons_of(error: BaseException) -> list[BaseException]:
    """Flatten what a group of tasks raised."""
    if isinstance(error, BaseExceptionGroup):
        return [reason for inner in error.exceptions for reason in reasons_of(inner)]
    return [error]
