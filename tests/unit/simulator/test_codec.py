import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatline.commands.v1 import commands_pb2 as commands
from seatline.facts.v1 import session_pb2 as sessions
from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.simulator.adapters.codec import to_event, to_news
from services.simulator.domain import news, wishes
from services.simulator.domain.calls import Attempt, Disposition
from services.simulator.domain.news import Activity

ONE = Attempt("c-1", 2, 3)
WIRE_ONE = commands.Attempt(contact_id="c-1", release=2, attempt=3)


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        (wishes.SignIn("C1", ("te", "ur"), b"t"), "sign_in"),
        (wishes.SignOut(), "sign_out"),
        (wishes.BeReady(), "ready"),
        (wishes.Rest("break"), "pause"),
        (wishes.Accept(ONE), "accept"),
        (wishes.Decline(ONE), "decline"),
        (wishes.HangUp(ONE), "hang_up"),
        (wishes.GiveOutcome(ONE, Disposition.BUSY, 1_500.0), "outcome"),
    ],
)
def test_every_wish_has_its_event(wish: wishes.Wish, kind: str) -> None:
    event = wire.ClientEvent.FromString(to_event("s1", wish).SerializeToString())
    assert (event.session_id, event.WhichOneof("kind")) == ("s1", kind)
    if hasattr(wish, "attempt"):
        assert getattr(event, kind).attempt == WIRE_ONE


def test_a_sign_in_carries_what_the_desk_keeps() -> None:
    kept = wishes.GiveOutcome(ONE, Disposition.BUSY, 1_500.0, again=True)
    event = to_event("s1", wishes.SignIn("C1", ("te",), b"t", (kept,)))
    assert event.sign_in.kept == [to_event("s1", kept).outcome]


@pytest.mark.parametrize("disposition", Disposition)
def test_every_disposition_has_its_code(disposition: Disposition) -> None:
    event = to_event("s1", wishes.GiveOutcome(ONE, disposition, 0.0))
    name = commands.Disposition.Name(event.outcome.disposition)
    assert name == f"DISPOSITION_{disposition.name}"


def test_news_say_what_the_event_says() -> None:
    number = wire.NumberNotice(attempt=WIRE_ONE, phone="+911000000001")
    number.dial_by.FromMilliseconds(1_234)
    token = wire.SignedInNotice(resume_token=b"t", activity=sessions.ACTIVITY_WRAP_UP, resumed=True)
    refused = wire.RefusedNotice(wish="accept", reason="busy", attempt=WIRE_ONE)
    pairs = [
        (wire.ServerEvent(signed_in=token), news.SignedIn(b"t", Activity.WRAP_UP, resumed=True)),
        (
            wire.ServerEvent(signed_out={"reason": sessions.SIGN_OUT_REASON_GONE}),
            news.SignedOut("gone"),
        ),
        (wire.ServerEvent(offer={"attempt": WIRE_ONE}), news.Offered(ONE)),
        (
            wire.ServerEvent(offer_gone={"attempt": WIRE_ONE, "reason": "expired"}),
            news.OfferGone(ONE, "expired"),
        ),
        (wire.ServerEvent(number=number), news.NumberShown(ONE, "+911000000001", 1_234)),
        (wire.ServerEvent(saved={"attempt": WIRE_ONE}), news.Saved(ONE)),
        (
            wire.ServerEvent(activity={"activity": sessions.ACTIVITY_PAUSED}),
            news.ActivityChanged(Activity.PAUSED),
        ),
        (wire.ServerEvent(refused=refused), news.WishRefused("accept", "busy", ONE)),
        (
            wire.ServerEvent(refused={"wish": "ready", "reason": "busy"}),
            news.WishRefused("ready", "busy", None),
        ),
        (
            wire.ServerEvent(call_over={"attempt": WIRE_ONE, "reason": "interrupted"}),
            news.CallOver(ONE, "interrupted"),
        ),
    ]
    assert [to_news(event) for event, _ in pairs] == [said for _, said in pairs]


def test_an_event_of_an_unknown_kind_is_no_news() -> None:
    assert to_news(wire.ServerEvent(session_id="s1")) is None


@given(st.integers(min_value=100, max_value=2**31 - 1))
def test_an_activity_of_a_later_version_is_read_as_unknown(code: int) -> None:
    event = wire.ServerEvent(signed_in={"activity": code})
    assert to_news(event) == news.SignedIn(b"", Activity.UNKNOWN, resumed=False)
    assert isinstance(to_news(wire.ServerEvent(signed_out={"reason": code})), news.SignedOut)
