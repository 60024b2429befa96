import json
import signal
from collections.abc import Iterator

import pytest
from cyclopts import App

from services.runtime.command_line import (
    COULD_NOT_RUN,
    RefusedError,
    ask,
    could_not_run,
    heed_interrupts,
    last_object,
)

app = App()


@app.default
def choose(*, number: int) -> int:
    if number > 9:
        raise RefusedError(f"number: {number} cannot be; give 0 to 9")
    return number


def refused(reason: str) -> int:
    return could_not_run(reason, {"ok": True, "found": []})


@pytest.fixture
def handlers() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def test_the_exit_code_is_what_the_command_returns() -> None:
    assert ask(app, ["--number", "1"], refused) == 1


@pytest.mark.parametrize("tokens", [["--number", "10"], ["--number", "ten"], ["--nonsense"], []])
def test_what_cannot_be_asked_is_told_and_answered_with_an_object(
    tokens: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(app, tokens, refused) == COULD_NOT_RUN
    said = capsys.readouterr()
    answer = json.loads(said.out.splitlines()[-1])
    assert (answer["ok"], answer["found"]) == (False, [])
    assert answer["error"] == said.err.rstrip("\n")


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_the_first_interrupt_ends_the_work_and_the_next_ones_leave_the_cleaning_up_alone(
    first: signal.Signals,
) -> None:
    heed_interrupts()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(first)
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("output", [b"", b"\n", b"progress\n", b"[1]\n", b'{"ok": tru\n', b"\xff"])
def test_what_is_no_object_on_the_last_line_is_an_empty_answer(output: bytes) -> None:
    assert last_object(output) == {}


def test_the_answer_of_a_command_is_the_object_on_its_last_line() -> None:
    assert last_object(b'{"ok": false}\n{"ok": true}\n') == {"ok": True}
