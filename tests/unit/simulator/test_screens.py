import io
from collections.abc import Callable

import pytest
from rich.console import Console

from services.simulator.adapters.rich_screen import RichScreen
from services.simulator.adapters.text_screen import TextScreen
from services.simulator.domain.measure import Spread
from services.simulator.domain.progress import Progress, Trouble
from services.simulator.domain.summary import Sheet, Summary
from services.simulator.ports import Screen

PROGRESS = Progress(
    phase="measuring",
    left_s=42.0,
    sessions=100,
    signed_in=100,
    activities={"available": 75, "offered": 0, "on call": 25},
    offers=345,
    offers_per_s=30.0,
    waiting=3,
    offer_ms=Spread(9, 5.1, 9.0, 31.2, 80.0),
    troubles=(Trouble("C007", 3, 0, 9),),
)
SUMMARY = Summary(
    ok=False,
    facts=("3 contacts = 2 finished + 1 lost",),
    sheets=(Sheet(("", "measured", ""), (("offer_ms p50", "9.0", "missed"),)),),
    verdict="Violated: lost: 1.",
)
HIDE_CURSOR, SHOW_CURSOR, UP_A_LINE = "\x1b[?25l", "\x1b[?25h", "\x1b[1A"


def text(stream: io.StringIO) -> Screen:
    return TextScreen(stream)


def terminal(stream: io.StringIO) -> Screen:
    return RichScreen(Console(file=stream, force_terminal=True, width=100, color_system="standard"))


Opener = Callable[[io.StringIO], Screen]


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.mark.parametrize("opened", [text, terminal])
def test_every_screen_says_how_the_run_stands(opened: Opener, stream: io.StringIO) -> None:
    screen = opened(stream)
    with screen.live() as show:
        show(PROGRESS)
        screen.say("sending 3 contacts")
    for word in (
        "measuring, 42 s left",
        "on call",
        "p50 5.1",
        "31.2",
        "C007",
        "sending 3 contacts",
    ):
        assert word in stream.getvalue()


@pytest.mark.parametrize("opened", [text, terminal])
def test_every_screen_sums_up(opened: Opener, stream: io.StringIO) -> None:
    opened(stream).sum_up(SUMMARY)
    for word in (*SUMMARY.facts, "offer_ms p50", "missed", SUMMARY.verdict):
        assert word in stream.getvalue()


@pytest.mark.parametrize("opened", [text, terminal])
def test_a_line_is_never_folded_or_read_as_markup(opened: Opener, stream: io.StringIO) -> None:
    line = f".venv/bin/seatline explain [bold]c-1 --state {'x' * 200}"
    opened(stream).say(line)
    assert stream.getvalue() == line + "\n"


def test_plain_text_has_no_control_codes(stream: io.StringIO) -> None:
    screen = text(stream)
    with screen.live() as show:
        show(PROGRESS)
        show(PROGRESS)
    screen.sum_up(SUMMARY)
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().count("measuring") == 2


@pytest.mark.parametrize("ending", [None, KeyboardInterrupt])
def test_the_terminal_is_as_before_however_the_run_ends(
    ending: type[BaseException] | None, stream: io.StringIO
) -> None:
    screen = terminal(stream)
    try:
        with screen.live() as show:
            show(PROGRESS)
            show(PROGRESS)
            if ending is not None:
                raise ending
    except KeyboardInterrupt:
        pass
    written = stream.getvalue()
    assert HIDE_CURSOR in written
    assert UP_A_LINE in written
    assert written.rindex(SHOW_CURSOR) > written.rindex("measuring")
