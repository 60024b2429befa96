import re

import pytest

from docs.model.searches import HOLD, PLANTED, PROPERTIES
from docs.model.spin import (
    MODEL,
    Found,
    SearchError,
    judge,
    never_told,
    story_lines,
    told_lines,
)

WHOLE = "State-vector 372 byte, depth reached 33, errors: 0\n    55706 states, stored\n"
VIOLATED = "pan:1: assertion violated  !(confirmed_twice) (at depth 26)\nerrors: 1\n"


def test_a_whole_search_without_errors_holds() -> None:
    assert judge(WHOLE) == ""


def test_the_broken_property_is_named() -> None:
    assert judge(VIOLATED) == "confirmed_twice"


@pytest.mark.parametrize(
    "cut",
    [
        "error: max search depth too small",
        "pan: reached -DMEMLIM bound\n\tmemory limit",
        "Warning: Search not completed",
        "hash array full",
    ],
)
def test_a_search_that_was_cut_short_says_nothing(cut: str) -> None:
    with pytest.raises(SearchError, match="not completed"):
        judge(cut + "\n" + WHOLE)


def test_a_search_that_says_nothing_of_errors_says_nothing() -> None:
    with pytest.raises(SearchError, match="not completed"):
        judge("Segmentation fault\n")


def test_a_log_that_is_too_short_is_no_violation() -> None:
    with pytest.raises(SearchError, match=r"commands<6.*sizes\.pml"):
        judge("pan:1: assertion violated (commands<6) (at depth 34)\nerrors: 1\n")


def test_every_property_is_asserted_in_the_model_and_broken_by_some_planted_error() -> None:
    text = "".join(part.read_text("utf-8") for part in MODEL.parent.glob("*.pml"))
    for name in PROPERTIES:
        assert f"BROKEN({name})" in text
    assert {each.breaks for each in PLANTED} == PROPERTIES.keys()


def test_every_macro_of_a_search_is_one_of_the_model() -> None:
    text = "".join(part.read_text("utf-8") for part in MODEL.parent.glob("*.pml"))
    for each in (*HOLD, *PLANTED):
        for name in each.macros:
            assert re.search(rf"#ifndef {name}\b", text), name
        if each.breaks:
            assert f"PLANT_{each.name.upper()}" in text


def test_the_page_beside_the_model_names_every_property_search_and_planted_error() -> None:
    page = MODEL.with_name("README.md").read_text("utf-8")
    names = (*PROPERTIES, *(each.name for each in (*HOLD, *PLANTED)))
    assert not [name for name in names if f"`{name}`" not in page]


def test_a_line_of_a_story_is_the_same_in_the_model_and_in_what_pan_names() -> None:
    model = 'printf("late: ");\n  printf(\n    "tick %d, \\"%e\\"\\n", now, kind)'
    assert story_lines(model) == {"late:", 'tick %d, \\"%e\\"'}
    assert told_lines("told: late: \ntold: tick %d\n\nDepth\n") == {"late:", "tick %d"}


def test_a_step_that_no_search_takes_is_named_and_one_search_is_enough_to_take_it() -> None:
    text = "".join(part.read_text("utf-8") for part in MODEL.parent.glob("*.pml"))
    first, second, *others = sorted(story_lines(text))
    assert len(others) > 40
    took = [Found(1, 1, 1.0, told=frozenset(lines)) for lines in ([second], others)]
    assert never_told(took) == [first]
