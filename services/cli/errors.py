"""Why a command was not done: exit 2, one message that names the field and the remedy."""


class NotDoneError(Exception):
    """The command did nothing, or not all; the message says what to do."""


class StackAwayError(NotDoneError):
    """The stack does not answer."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; start the stack with `make up`")
