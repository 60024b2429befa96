from typing import Any

import pytest

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2
from seatline.map.v1 import map_pb2
from seatline.rulings.v1 import rulings_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.dispatcher.adapters import topics
from services.dispatcher.adapters.codec import ID_MAX, DispatcherCodec
from services.dispatcher.domain import facts, inputs, words
from services.dispatcher.domain.facts import CentreSlice
from services.runtime.errors import PoisonError
from services.runtime.fenced_log.core import EVERY_PARTITION
from services.runtime.log_port import Arrived
from tests.support.builders import START_MS, attempt, contact

CODEC = DispatcherCodec(4)
TOO_LONG = "x" * (ID_MAX + 1)


def read(topic: str, message: Any, partition: int = 2) -> list[tuple[int, inputs.Input]]:
    arrived = Arrived(topic, partition, 7, START_MS, message.SerializeToString())
    return list(CODEC.batch(arrived).items)


def commands(**named: Any) -> commands_pb2.CommandRecord:
    command = commands_pb2.Command(**named)
    return commands_pb2.CommandRecord(boot_id=b"boot", commands=[command])


def signed(order: inputs.Order) -> inputs.Signed:
    return inputs.Signed(order, facts.Signature("Asha", "a test", START_MS))


def about(contact_id: str = "c1") -> commands_pb2.Attempt:
    return commands_pb2.Attempt(contact_id=contact_id, release=1, attempt=2)


def test_commands_go_to_their_own_partition_with_their_writer_and_append_time() -> None:
    accept = commands_pb2.AcceptOffer(session_id="s1", generation=3, attempt=about())
    command = inputs.AcceptOffer("s1", 3, attempt("c1", 2))
    assert read(topics.COMMANDS, commands(accept_offer=accept)) == [
        (2, inputs.Commanded(command, b"boot", START_MS))
    ]


def test_a_routed_contact_goes_to_the_partition_of_its_centre_and_others_to_nobody() -> None:
    record = rulings_pb2.RulingRecord()
    ruling = record.rulings.add(seat_id="S24-35", map_version=4, policy_version=5)
    ruling.contact.contact_id, ruling.contact.release = "c1", 1
    ruling.contact.person_key, ruling.contact.sealed = contact("c1").person_key, b"sealed c1"
    ruling.contact.priority, ruling.contact.campaign = 5, "survey"
    ruling.routed.centre_id, ruling.routed.partition = "C001", 3
    ruling.routed.allow_until.FromMilliseconds(START_MS + 1)
    record.rulings.add().held.reason = rulings_pb2.HELD_REASON_NOT_DUE
    (partition, routed), (nobody, nothing) = read(topics.RULINGS, record)
    assert partition == 3
    assert routed == inputs.Routed(contact("c1"), "S24-35", "C001", START_MS + 1, 4, 5)
    assert nobody not in {EVERY_PARTITION, *range(4)}
    assert nothing == inputs.Nothing()


def test_a_map_goes_to_every_partition_with_its_own_centres() -> None:
    record = map_pb2.MapRecord(by="Asha", why="a test")
    record.seat_map.version = 7
    record.seat_map.centres.add(centre_id="C001", partition=1)
    record.seat_map.centres.add(centre_id="C002", partition=1, closed=True)
    record.seat_map.centres.add(centre_id="C003", partition=3)
    for seat_id, centre_id in (("A", "C001"), ("B", "C003"), ("C", "C001")):
        record.seat_map.seats.add(seat_id=seat_id, centre_id=centre_id)
    first = (CentreSlice("C001", ("A", "C"), False), CentreSlice("C002", (), True))
    assert read(topics.MAP, record) == [
        (0, signed(inputs.NewMap(7, ()))),
        (1, signed(inputs.NewMap(7, first))),
        (2, signed(inputs.NewMap(7, ()))),
        (3, signed(inputs.NewMap(7, (CentreSlice("C003", ("B",), False),)))),
    ]


def test_stops_policies_and_withdrawals_go_to_every_partition_signed() -> None:
    who = {"by": "Asha", "why": "a test"}
    stop = map_pb2.MapRecord(**who, stop=map_pb2.Stop(scope=map_pb2.STOP_SCOPE_SEAT, id="A"))
    resume = map_pb2.MapRecord(**who, resume=map_pb2.Resume(scope=map_pb2.STOP_SCOPE_ALL))
    policy = map_pb2.MapRecord(**who, policy=map_pb2.Policy(version=3, required=True))
    policy.policy.max_wait.seconds, policy.policy.wrap_up.nanos = 600, 500_000_000
    recall = suppressions_pb2.Withdrawal(
        **who, contact_id="c1", kind=suppressions_pb2.WITHDRAWAL_KIND_RECALL
    )
    assert read(topics.MAP, stop) == [(-1, signed(inputs.NewStop(words.StopScope.SEAT, "A")))]
    assert read(topics.MAP, resume) == [(-1, signed(inputs.LiftStop(words.StopScope.ALL, "")))]
    assert read(topics.MAP, policy) == [(-1, signed(inputs.NewPolicy(3, 600_000, 500, True)))]
    assert read(topics.SUPPRESSIONS, recall) == [
        (-1, signed(inputs.Withdraw(b"", "c1", words.WithdrawalKind.RECALL)))
    ]


def test_orders_of_an_operator_name_who_gave_them_and_why() -> None:
    who = {"by": "Asha", "why": "a test"}
    end = commands_pb2.EndSession(session_id="s1", interrupt=True, **who)
    release = commands_pb2.ReleaseContact(contact_id="c1", **who)
    drain = commands_pb2.DrainCentre(centre_id="C001", **who)
    for message, command in (
        (commands(end_session=end), inputs.EndSession("s1", True, "Asha", "a test")),
        (commands(release_contact=release), inputs.ReleaseContact("c1", "Asha", "a test")),
        (commands(drain_centre=drain), inputs.DrainCentre("C001", "Asha", "a test")),
    ):
        [(_, item)] = read(topics.COMMANDS, message)
        assert isinstance(item, inputs.Commanded)
        assert item.command == command


KEPT = commands_pb2.KeptOutcome(attempt=about(), disposition=commands_pb2.DISPOSITION_BUSY)
KEPT_OF_NOBODY = commands_pb2.KeptOutcome(disposition=commands_pb2.DISPOSITION_BUSY)


def test_a_sign_in_brings_what_its_desk_keeps() -> None:
    message = commands(
        sign_in=commands_pb2.SignIn(session_id="s1", centre_id="C001", nonce=b"n", kept=[KEPT])
    )
    [(_, item)] = read(topics.COMMANDS, message)
    assert isinstance(item, inputs.Commanded)
    assert isinstance(item.command, inputs.SignIn)
    [kept] = item.command.kept
    assert (kept.attempt.contact_id, kept.disposition) == ("c1", words.Disposition.BUSY)


@pytest.mark.parametrize(
    ("topic", "message", "named"),
    [
        (topics.COMMANDS, commands(), "kind"),
        (topics.COMMANDS, commands(sign_out=commands_pb2.SignOut()), "session_id"),
        (
            topics.COMMANDS,
            commands(sign_out=commands_pb2.SignOut(session_id=TOO_LONG)),
            "session_id",
        ),
        (
            topics.COMMANDS,
            commands(sign_in=commands_pb2.SignIn(session_id="s1", centre_id=TOO_LONG)),
            "centre_id",
        ),
        (
            topics.COMMANDS,
            commands(hang_up=commands_pb2.HangUp(session_id="s1", attempt=about(TOO_LONG))),
            "contact_id",
        ),
        (
            topics.COMMANDS,
            commands(hang_up=commands_pb2.HangUp(session_id="s1")),
            "contact_id",
        ),
        (
            topics.COMMANDS,
            commands(release_contact=commands_pb2.ReleaseContact(contact_id=TOO_LONG)),
            "contact_id",
        ),
        (
            topics.COMMANDS,
            commands(pause=commands_pb2.Pause(session_id="s1", reason="x" * 33)),
            "reason",
        ),
        (
            topics.COMMANDS,
            commands(
                sign_in=commands_pb2.SignIn(
                    session_id="s1", centre_id="C001", nonce=b"n", languages=["hi"] * 17
                )
            ),
            "languages",
        ),
        (
            topics.COMMANDS,
            commands(sign_in=commands_pb2.SignIn(session_id="s1", centre_id="C001")),
            "nonce",
        ),
        (
            topics.COMMANDS,
            commands(
                sign_in=commands_pb2.SignIn(
                    session_id="s1", centre_id="C001", nonce=b"n", languages=["x" * 100]
                )
            ),
            "languages",
        ),
        (
            topics.COMMANDS,
            commands(
                sign_in=commands_pb2.SignIn(
                    session_id="s1", centre_id="C001", nonce=b"n", kept=[KEPT] * 17
                )
            ),
            "kept",
        ),
        (
            topics.COMMANDS,
            commands(
                sign_in=commands_pb2.SignIn(
                    session_id="s1", centre_id="C001", nonce=b"n", kept=[KEPT_OF_NOBODY]
                )
            ),
            "kept",
        ),
        (topics.MAP, map_pb2.MapRecord(), "kind"),
        (topics.SUPPRESSIONS, suppressions_pb2.Withdrawal(kind=1), "person_key"),  # type: ignore[arg-type]
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_missing_or_too_long_is_poison_or_for_a_command_refused_alone(
    topic: str, message: Any, named: str
) -> None:
    if topic == topics.COMMANDS:
        assert_refused_alone(message)
        return
    with pytest.raises(PoisonError) as caught:
        read(topic, message)
    assert caught.value.field == named


def assert_refused_alone(message: commands_pb2.CommandRecord) -> None:
    """The commands beside a malformed one stand: one may tell that a number was shown."""
    good = commands(
        unsealing=commands_pb2.Unsealing(session_id="s2", generation=1, attempt=about())
    ).commands[0]
    bad = message.commands[0]
    record = commands_pb2.CommandRecord(boot_id=b"boot", commands=[good, bad, good])
    kinds = [type(item.command) for _, item in read(topics.COMMANDS, record)]  # type: ignore[union-attr]
    assert kinds == [inputs.Unsealing, inputs.Malformed, inputs.Unsealing]


@pytest.mark.parametrize(
    ("topic", "message", "named"),
    [
        (
            topics.COMMANDS,
            commands(
                give_outcome=commands_pb2.GiveOutcome(
                    session_id="s1",
                    attempt=about(),
                    disposition=99,  # type: ignore[arg-type]
                )
            ),
            "disposition",
        ),
        (
            topics.COMMANDS,
            commands(not_unsealed=commands_pb2.NotUnsealed(session_id="s1", attempt=about())),
            "reason",
        ),
        (topics.MAP, map_pb2.MapRecord(stop=map_pb2.Stop(scope=77)), "scope"),  # type: ignore[arg-type]
        (topics.SUPPRESSIONS, suppressions_pb2.Withdrawal(contact_id="c1", kind=9), "kind"),  # type: ignore[arg-type]
    ],
)
def test_an_unknown_number_of_an_enum_is_poison_or_for_a_command_refused_alone(
    topic: str, message: Any, named: str
) -> None:
    if topic == topics.COMMANDS:
        assert_refused_alone(message)
        return
    with pytest.raises(PoisonError, match=named):
        read(topic, message)


def test_a_centre_on_a_partition_that_the_stack_has_not_is_poison() -> None:
    record = map_pb2.MapRecord()
    record.seat_map.centres.add(centre_id="C001", partition=4)
    with pytest.raises(PoisonError) as caught:
        read(topics.MAP, record)
    assert caught.value.field == "partition"


def test_a_fact_of_an_unknown_kind_or_number_is_poison() -> None:
    empty = facts_pb2.FactRecord(facts=[facts_pb2.Fact()]).SerializeToString()
    with pytest.raises(PoisonError) as caught:
        CODEC.entries(empty)
    assert caught.value.field == "kind"
    strange = facts_pb2.FactRecord(
        facts=[facts_pb2.Fact(ended=facts_pb2.Ended(reason=99))]  # type: ignore[arg-type]
    )
    with pytest.raises(PoisonError, match="reason"):
        CODEC.entries(strange.SerializeToString())


def test_poison_does_not_quote_the_record() -> None:
    arrived = Arrived(topics.COMMANDS, 0, 7, START_MS, b"+91 00000 12345")
    with pytest.raises(PoisonError) as caught:
        CODEC.batch(arrived)
    assert "12345" not in str(caught.value)


def test_a_fact_without_fields_is_told_from_none() -> None:
    entries: list[facts.Fact] = [facts.StreamEnded(()), facts.GatewaySeen(b"")]
    header = CODEC.header(b"")
    assert CODEC.entries(CODEC.record(header, entries)) == entries
