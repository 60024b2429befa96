"""Read a journal of a rehearsal: one JSON object a line."""

import json
from pathlib import Path

from services.cli.domain.journal import Witness
from services.cli.errors import NotDoneError


def read_journal(path: Path) -> Witness:
    """Hear a journal to its end; a last line that was being written is left out.

    Raises:
        NotDoneError: It cannot be read.
    """
    witness = Witness()
    read = 0
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n"):
                    witness.hear(json.loads(line))
                read += 1
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise NotDoneError(
            f"--journal {path}: row {read + 1}: {reason}; name the journal that the demo wrote"
        ) from error
    return witness
