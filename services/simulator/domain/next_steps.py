"""What to try on a stack that was left running."""

from shlex import quote


def next_steps(state: str | None, contact: str) -> tuple[str, ...]:
    """Return commands, ready to paste where the project lies.

    Args:
        state: State folder of the stack; None when it is the default one.
        contact: A contact of the run; "" if it had none.
    """
    where = "" if state is None else f" --state {quote(state)}"
    return (
        f".venv/bin/seatline audit{where}",
        *((f".venv/bin/seatline explain {quote(contact)}{where}",) if contact else ()),
        make("status", state),
    )


def make(target: str, state: str | None) -> str:
    """Return the command for a target of the stack in a state folder."""
    return f"make {target}" + ("" if state is None else f" {quote(f'STATE={state}')}")
