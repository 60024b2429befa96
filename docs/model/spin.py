"""Run spin over the model: one complete search, or an error that says why it was not one."""

import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.runtime.clock import SystemClock

MODEL = Path(__file__).with_name("seatline.pml")
MEMORY_MB = 3_500
SEARCH_WITHIN_S = 900
SAID_LAST = 1_500
# Breadth first: the trail of an error is a shortest one, and no depth can be too small.
COMPILE = (
    *("gcc", "-w", "-DSAFETY", "-DBFS", "-DNOREDUCE"),
    *("-DPRINTF", "-include", str(MODEL.with_name("told.h"))),
)
_CUT_SHORT = re.compile(
    r"search not completed|max search depth too small|memory limit|hash array full|"
    r"out of memory|vectorsz|aborting",
    re.IGNORECASE,
)
_BROKEN = re.compile(r"assertion violated\s+(.*?)\s+\(at depth")
_LINE = re.compile(r'printf\(\s*"((?:[^"\\]|\\.)*)"')
_TOLD = re.compile(r"^told: (.*)$", re.MULTILINE)
_PROPERTY = re.compile(r"^!\(*(\w+)\)*$")


class SearchError(Exception):
    """The search was not a complete one, so that it says nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found."""

    states: int
    depth: int
    seconds: float
    broken: str = ""
    """Name of the property that broke; empty when all held."""
    story: tuple[str, ...] = ()
    """How it broke, a line an event."""
    told: frozenset[str] = frozenset()
    """Which lines of the model's stories came up in some state."""


def story_lines(text: str) -> frozenset[str]:
    """Return every line that the stories of a model can have, as its text has it."""
    return frozenset(line.removesuffix("\\n").strip() for line in _LINE.findall(text))


def told_lines(said: str) -> frozenset[str]:
    """Return the lines that came up in a search, as `told.h` names them."""
    return frozenset(line.strip() for line in _TOLD.findall(said))


def never_told(searches: Iterable[Found]) -> list[str]:
    """Name the steps that no search takes: whatever it says of them, it says of nothing."""
    text = "".join(part.read_text("utf-8") for part in MODEL.parent.glob("*.pml"))
    return sorted(story_lines(text).difference(*(each.told for each in searches)))


def search(switches: Sequence[str], folder: Path, *, large: bool) -> Found:
    """Search every state that the model can reach, or up to the first violation.

    Args:
        switches: Options of the preprocessor: the size of the world, planted errors.
        folder: An empty folder for what spin and the compiler write.
        large: Whether to search takes longer than to compile well.

    Raises:
        SearchError: The model does not translate, or the search was cut short.
    """
    began_ms = SystemClock().monotonic_ms()
    _run(("spin", *switches, "-a", str(MODEL)), folder)
    _run(
        (*COMPILE, "-O2" if large else "-O0", f"-DMEMLIM={MEMORY_MB}", "-o", "pan", "pan.c"), folder
    )
    said = _run(("./pan", "-m100000"), folder)
    seconds = (SystemClock().monotonic_ms() - began_ms) / 1000
    broken = judge(said)
    return Found(
        states=_number(r"(\d+) states, stored", said),
        depth=_number(r"depth reached (\d+)", said),
        seconds=seconds,
        broken=broken,
        story=_story(switches, folder) if broken else (),
        told=told_lines(said),
    )


def judge(said: str) -> str:
    """Return the name of the property that a search saw broken; empty when all held.

    Raises:
        SearchError: The search was cut short, or outgrew a bound of the model.
    """
    found = _BROKEN.search(said)
    if found is not None:
        name = _PROPERTY.match(found[1].replace(" ", ""))
        if name is None:
            raise SearchError(f"a bound of the model is too small: {found[1]} (sizes.pml)")
        return name[1]
    if _CUT_SHORT.search(said) or "errors: 0" not in said:
        raise SearchError(f"the search was not completed; spin said last:\n{said[-SAID_LAST:]}")
    return ""


def _story(switches: Sequence[str], folder: Path) -> tuple[str, ...]:
    again = ("spin", "-t", "-T", "-B", *switches, "-k", "seatline.pml.trail", str(MODEL))
    told = _run(again, folder)
    return tuple(
        line.strip() for line in told.splitlines() if line and not line.startswith("spin:")
    )


def _number(pattern: str, said: str) -> int:
    found = re.search(pattern, said)
    if found is None:
        raise SearchError(f"spin did not say what it searched:\n{said}")
    return int(found[1])


def _run(command: tuple[str, ...], folder: Path) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SEARCH_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SearchError(f"{command[0]} was not done after {SEARCH_WITHIN_S} s") from error
    said = done.stdout + done.stderr
    if done.returncode != 0:
        raise SearchError(f"{' '.join(command)} failed with {done.returncode}:\n{said}")
    return said
