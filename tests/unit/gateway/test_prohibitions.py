import pytest

from services.gateway.domain.prohibitions import Prohibitions, Scope
from services.gateway.domain.unsealing import WhyNot
from services.gateway.domain.values import Attempt, Confirmed, Nonce, SessionId

CONFIRMED = Confirmed(
    partition=0,
    attempt=Attempt("K-1", 1, 1),
    session_id=SessionId("S-1"),
    generation=1,
    nonce=Nonce(b"n"),
    dial_by_ms=1,
    sealed=b"",
    person_key=b"p" * 16,
    seat_id="S24-35",
    centre_id="C001",
    campaign="spring",
)

SCOPES = [
    (Scope.ALL, ""),
    (Scope.CAMPAIGN, "spring"),
    (Scope.SEAT, "S24-35"),
    (Scope.CENTRE, "C001"),
]


def test_nobody_is_forbidden_at_first() -> None:
    assert Prohibitions().why_not(CONFIRMED) is None


@pytest.mark.parametrize(("scope", "scope_id"), SCOPES)
def test_a_stop_covers_its_scope_until_it_is_resumed(scope: Scope, scope_id: str) -> None:
    prohibitions = Prohibitions()
    prohibitions.stop(scope, scope_id)
    assert prohibitions.why_not(CONFIRMED) is WhyNot.STOPPED
    prohibitions.resume(scope, scope_id)
    assert prohibitions.why_not(CONFIRMED) is None


@pytest.mark.parametrize("scope", [Scope.CAMPAIGN, Scope.SEAT, Scope.CENTRE])
def test_a_stop_of_another_scope_does_not_matter(scope: Scope) -> None:
    prohibitions = Prohibitions()
    prohibitions.stop(scope, "other")
    assert prohibitions.why_not(CONFIRMED) is None


@pytest.mark.parametrize(("key", "contact"), [(b"p" * 16, ""), (b"", "K-1")])
def test_a_withdrawal_by_person_or_by_contact_stays(key: bytes, contact: str) -> None:
    prohibitions = Prohibitions()
    prohibitions.withdraw(key, contact)
    prohibitions.resume(Scope.ALL, "")
    assert prohibitions.why_not(CONFIRMED) is WhyNot.WITHDRAWN


def test_a_withdrawal_without_a_person_does_not_cover_a_contact_without_a_key() -> None:
    prohibitions = Prohibitions()
    prohibitions.withdraw(b"", "K-2")
    assert prohibitions.why_not(CONFIRMED) is None
