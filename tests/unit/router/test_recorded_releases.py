"""Marks of releases that were ruled on in a log that is lost (rule 9.3)."""

from services.router.adapters.codec import decode_rulings, encode_rulings
from services.router.domain.contact import Contact, PersonKey, SeatId
from services.router.domain.dedupe import Seen
from services.router.domain.ruling import Outcome, Refused, RefusedReason, Routed
from services.runtime.fenced_log.header import FencePoint, Header, to_proto
from tests.unit.router.values import ELEVEN_MS, WINDOW_MS, contact, ruled, view

MARKED = Refused(RefusedReason.RECORDED)
DUPLICATE = Refused(RefusedReason.DUPLICATE)


def mark(release: int = 1) -> Contact:
    nobody = {"person_key": PersonKey(b""), "seat_id": SeatId(""), "sealed": b""}
    return contact(release=release, recorded=True, valid_until_ms=None, **nobody)


def outcomes(seen: Seen, *contacts: Contact) -> list[Outcome]:
    return [each.outcome for each in ruled(seen, contacts, ELEVEN_MS, view())]


def test_a_marked_release_is_refused_and_so_is_whoever_repeats_it() -> None:
    seen = Seen(WINDOW_MS)
    assert outcomes(seen, mark()) == [MARKED]
    assert outcomes(seen, contact(), mark()) == [DUPLICATE, DUPLICATE]


def test_the_next_release_of_a_marked_contact_is_routed() -> None:
    seen = Seen(WINDOW_MS)
    marked, following = outcomes(seen, mark(), contact(release=2))
    assert marked == MARKED
    assert isinstance(following, Routed)


def test_a_mark_is_remembered_by_whoever_reads_the_rulings_back() -> None:
    rulings = ruled(Seen(WINDOW_MS), [mark()], ELEVEN_MS, view())
    header = to_proto(Header(FencePoint(1, b"o" * 16, 1), ELEVEN_MS))
    assert decode_rulings(encode_rulings(header, rulings)) == list(rulings)
