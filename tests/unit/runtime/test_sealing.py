from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.sealing import KEY_BYTES, Sealer, UnsealError

SEALER = Sealer(bytes(range(KEY_BYTES)))
OTHER = Sealer(bytes(reversed(range(KEY_BYTES))))
PHONE = "+915550100100"


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_was_sealed_opens_under_its_context(plain: bytes, context: bytes) -> None:
    assert SEALER.open(SEALER.seal(plain, context), context) == plain


def test_the_same_number_is_sealed_differently_each_time_and_is_not_in_it() -> None:
    first, second = (SEALER.seal(PHONE.encode(), b"contact-1") for _ in range(2))
    assert first != second
    assert PHONE.encode() not in first


def test_it_does_not_open_under_another_context() -> None:
    sealed = SEALER.seal(PHONE.encode(), b"contact-1")
    with pytest.raises(UnsealError):
        SEALER.open(sealed, b"contact-2")


def test_it_does_not_open_with_another_key() -> None:
    with pytest.raises(UnsealError):
        OTHER.open(SEALER.seal(PHONE.encode(), b"c"), b"c")


@given(st.data())
def test_no_bit_of_it_can_be_changed(data: st.DataObject) -> None:
    sealed = bytearray(SEALER.seal(b"a number", b"c"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(UnsealError):
        SEALER.open(bytes(sealed), b"c")


@given(st.binary(max_size=60))
def test_random_bytes_do_not_open_whatever_their_length(sealed: bytes) -> None:
    with pytest.raises(UnsealError):
        SEALER.open(sealed, b"c")


def test_the_refusal_quotes_nothing() -> None:
    with pytest.raises(UnsealError) as raised:
        SEALER.open(b"x" * 40, PHONE.encode())
    assert PHONE not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_person_key_is_the_same_for_a_number_and_differs_by_number_and_stack() -> None:
    key = SEALER.person_key(PHONE)
    assert key == SEALER.person_key(PHONE)
    assert len(key) == 16
    assert key != SEALER.person_key("+915550100101")
    assert key != OTHER.person_key(PHONE)


@pytest.mark.parametrize("length", [0, KEY_BYTES - 1, KEY_BYTES + 1])
def test_a_key_of_another_length_is_refused(length: int, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"k" * length)
    with pytest.raises(ValueError, match=f"{length} bytes, not {KEY_BYTES}"):
        Sealer.from_file(path)


def test_two_processes_with_one_key_file_open_each_other_s(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"k" * KEY_BYTES)
    assert Sealer.from_file(path).open(Sealer.from_file(path).seal(b"p", b"c"), b"c") == b"p"
