import re
from pathlib import Path

import pytest

LOCKS = Path(__file__).parents[2] / "requirements"
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((LOCKS / name).read_text("utf-8")))


def wishes(name: str) -> set[str]:
    lines = (LOCKS / name).read_text("utf-8").splitlines()
    names = (re.match(r"[A-Za-z0-9-]+", line) for line in lines if not line.startswith(("#", "-")))
    return {found.group().lower() for found in names if found}


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt"])
def test_every_pin_has_a_hash(name: str) -> None:
    requirements = re.split(r"\n(?=\S)", (LOCKS / name).read_text("utf-8"))
    unhashed = [text for text in requirements if PIN.match(text) and "--hash=sha256:" not in text]
    assert not unhashed


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt"])
def test_a_lock_names_no_index(name: str) -> None:
    text = (LOCKS / name).read_text("utf-8")
    assert "://" not in text
    assert "--find-links" not in text


def test_every_wish_is_locked() -> None:
    assert wishes("runtime.in") <= pins("runtime.txt").keys()
    assert wishes("dev.in") <= pins("dev.txt").keys()


def test_what_is_developed_with_is_what_runs() -> None:
    runtime, dev = pins("runtime.txt"), pins("dev.txt")
    assert runtime.items() <= dev.items()


def test_the_code_generator_is_as_old_as_the_library_it_generates_for() -> None:
    dev = pins("dev.txt")
    assert dev["grpcio-tools"] == dev["grpcio"]
