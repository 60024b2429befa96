"""The stack's sealing key, for what must be sent again as it was."""

from collections.abc import Callable
from pathlib import Path

from services.cli.errors import NotDoneError
from services.runtime.sealing import Sealer, UnsealError


def opened_by(key_file: Path) -> Callable[[bytes, bytes], bytes | None]:
    """Return what opens sealed bytes under a context, or returns None when the key is another.

    The key is read when it is first needed.
    """

    def opened(sealed: bytes, context: bytes) -> bytes | None:
        try:
            return Sealer.from_file(key_file).open(sealed, context)
        except UnsealError:
            return None
        except (OSError, ValueError) as error:
            raise NotDoneError(
                f"{key_file}: the sealing key cannot be read ({type(error).__name__}); run this "
                "where the stack's state folder is"
            ) from error

    return opened
