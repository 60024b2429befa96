import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime.errors import PromiseBrokenError
from services.runtime.slot_lock import SlotLock

HOLD = """
import sys
from pathlib import Path
from services.runtime.slot_lock import SlotLock
lock = SlotLock(Path(sys.argv[1]), "tally-0")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_slot_name_is_held_once_and_other_names_are_free(tmp_path: Path) -> None:
    neighbour, held = SlotLock(tmp_path, "tally-1"), SlotLock(tmp_path, "tally-0")
    with pytest.raises(PromiseBrokenError, match=r"slot tally-0 is held .* end that one first"):
        SlotLock(tmp_path, "tally-0")
    held.close()
    SlotLock(tmp_path, "tally-0").close()
    neighbour.close()


def test_two_stacks_may_have_slots_of_one_name(tmp_path: Path) -> None:
    locks = [SlotLock(tmp_path / stack, "tally-0") for stack in ("one", "two")]
    for lock in locks:
        lock.close()


def test_the_lock_of_a_process_goes_with_it_however_it_ends(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(PromiseBrokenError):
            SlotLock(tmp_path, "tally-0")
        holder.kill()
        holder.wait(10)
    SlotLock(tmp_path, "tally-0").close()
