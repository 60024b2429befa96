"""Run one command: `seatline` or `python -m services.cli`."""

import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from cyclopts import CycloptsError

from services.cli.commands import app
from services.cli.errors import NotDoneError

NOT_DONE = 2


def main(tokens: Sequence[str] | None = None) -> int:
    """Run the command that the tokens name; return its exit code, never raise for bad input."""
    given = list(sys.argv[1:] if tokens is None else tokens)
    try:
        code = app(given, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return _not_done(given, f"{str(error).rstrip('.')}; see --help")
    except NotDoneError as error:
        return _not_done(given, str(error))
    except KeyboardInterrupt:
        return _not_done(given, "interrupted; repeat the command to complete it")
    except Exception as error:  # noqa: BLE001 (the edge: an operator gets a sentence, not a traceback)
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        return _not_done(given, f"a bug: {type(error).__name__} at {where}; please report it")
    return code if isinstance(code, int) else 0


def _not_done(given: Sequence[str], message: str) -> int:
    print(f"seatline: {message}", file=sys.stderr)
    if "--json" in given:
        print(json.dumps({"ok": False, "error": message}))
    return NOT_DONE


if __name__ == "__main__":
    sys.exit(main())
