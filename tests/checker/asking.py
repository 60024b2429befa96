"""The edge: what each dispatcher of a stack tells of its state, over HTTP."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import ProxyHandler, build_opener

from tests.checker.history import Answer

ANSWER_S = 10.0
"""A dispatcher gives an answer, or says that it has none, within some seconds."""
PAGE = "/floor"


def ask(health: Mapping[str, str]) -> list[Answer]:
    """Ask the dispatchers among some processes, one after the other.

    Args:
        health: Address of the page of health, by process name.
    """
    names = sorted(name for name in health if name.startswith("dispatcher-"))
    return [_ask(name, urljoin(health[name], PAGE)) for name in names]


def _ask(slot: str, url: str) -> Answer:
    opener = build_opener(ProxyHandler({}))  # a process of this machine: no proxy stands between
    try:
        with opener.open(url, timeout=ANSWER_S) as page:
            told: Any = json.load(page)
    except HTTPError as error:
        with error:
            return Answer(slot, None, f"{url} answers {error.code}: {_reason(error.read())}")
    except (OSError, ValueError) as error:
        return Answer(slot, None, f"{url} does not answer: {error}")
    return Answer(slot, told)


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return "it tells no state"
