"""Interleavings of `docs/reliability.md` on real dispatchers and a real broker."""

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2
from services.dispatcher.adapters import topics
from services.stack.identity import Wish
from services.stack.plan import KAFKA
from tests.support.dispatcher_world import DispatcherProcess, DispatcherWorld, Told, kinds, now_ms
from tests.support.stack import whole_stack

pytestmark = pytest.mark.timeout(240)

A_RECORD = 500
RECORDS = 10
TRIES = 5
BACKLOG_S = int(os.environ.get("BACKLOG_S", "24"))
"""Longer than a lease; `BACKLOG_S=60` for the whole minute."""
CALLERS = 20


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DispatcherWorld]:
    folder = tmp_path_factory.mktemp("dispatchers")
    with whole_stack(folder, wish=Wish(partitions=1), only=(KAFKA,)) as stack:
        made = DispatcherWorld(stack.endpoints["kafka"], folder)
        made.publish_policy()
        yield made


@pytest.fixture(scope="module")
def dispatcher(world: DispatcherWorld) -> Iterator[DispatcherProcess]:
    with world.dispatcher() as process:
        yield process


def offered(world: DispatcherWorld, name: str) -> Told:
    """Let a caller of a centre of its own get an offer of a contact of its own."""
    world.publish_map(**{f"S-{name}": f"C-{name}"})
    world.until("map_applied", version=world.map_version)
    world.sign_in(f"s-{name}", f"C-{name}")
    world.rule(world.routed(f"c-{name}", f"S-{name}"))
    return world.until("offered", contact_id=f"c-{name}")


def accept(world: DispatcherWorld, offer: Told) -> None:
    body = offer.body
    world.command(
        accept_offer=commands_pb2.AcceptOffer(
            session_id=body.session_id, generation=body.generation, attempt=body.attempt
        )
    )


def confirmed(world: DispatcherWorld, name: str) -> Told:
    accept(world, offered(world, name))
    return world.until("confirmed", contact_id=f"c-{name}")


@pytest.mark.usefixtures("dispatcher")
def test_a_second_accept_confirms_nothing(world: DispatcherWorld) -> None:
    offer = offered(world, "twice")
    accept(world, offer)
    accept(world, offer)
    world.until("command_refused", session_id="s-twice", command="accept_offer")
    assert kinds(world.facts, "c-twice").count("confirmed") == 1


@pytest.mark.usefixtures("dispatcher")
def test_of_two_desks_of_one_caller_only_the_later_can_take_the_offer(
    world: DispatcherWorld,
) -> None:
    first = offered(world, "desks")
    later = world.sign_in("s-desks", "C-desks").body
    world.until("offer_rescinded", contact_id="c-desks")
    second = world.until("offered", contact_id="c-desks", nonce=later.nonce)
    accept(world, first)
    world.until("command_refused", session_id="s-desks", command="accept_offer")
    assert not world.of("confirmed", contact_id="c-desks")
    accept(world, second)
    confirm = world.until("confirmed", contact_id="c-desks").body
    assert (confirm.generation, confirm.nonce) == (later.generation, later.nonce)


@pytest.mark.usefixtures("dispatcher")
def test_a_recall_one_second_after_the_confirm_ends_what_its_gateway_did_not_show(
    world: DispatcherWorld,
) -> None:
    confirm = confirmed(world, "recalled").body
    world.wait(now_ms() + 1_000)
    world.withdraw("c-recalled")
    world.until("withdrawal_applied", contact_id="c-recalled")
    assert not world.of("ended", contact_id="c-recalled")
    said = {
        "session_id": confirm.session_id,
        "generation": confirm.generation,
        "attempt": confirm.attempt,
    }
    reason = commands_pb2.NOT_UNSEALED_REASON_WITHDRAWN
    world.command(not_unsealed=commands_pb2.NotUnsealed(**said, reason=reason))
    ended = world.until("ended", contact_id="c-recalled").body
    assert (ended.reason, ended.attempt_spent) == (facts_pb2.END_REASON_WITHDRAWN, False)


@pytest.mark.usefixtures("dispatcher")
def test_a_ruling_under_a_map_that_is_not_applied_yet_waits_unoffered_until_it_is(
    world: DispatcherWorld,
) -> None:
    world.publish_map(**{"S-ahead": "C-ahead"})
    world.until("map_applied", version=world.map_version)
    world.sign_in("s-ahead", "C-ahead")
    world.map_version += 1
    world.rule(world.routed("c-ahead", "S-ahead"))
    world.until("queued", contact_id="c-ahead")
    world.wait(now_ms() + 1_000)
    assert not world.of("offered", contact_id="c-ahead")
    world.send_map(world.map_version)
    offer = world.until("offered", contact_id="c-ahead")
    assert world.of("map_applied", version=world.map_version)[0].offset <= offer.offset


@pytest.mark.usefixtures("dispatcher")
def test_a_ruling_under_an_older_map_stays_if_its_seat_has_and_else_goes_back(
    world: DispatcherWorld,
) -> None:
    world.publish_map(**{"S-stays": "C-stays", "S-moves": "C-stays"})
    world.until("map_applied", version=world.map_version)
    stays, moves = (world.routed(f"c-{name}", f"S-{name}") for name in ("stays", "moves"))
    world.publish_map(**{"S-moves": "C-moved"})
    world.until("map_applied", version=world.map_version)
    world.sign_in("s-stays", "C-stays")
    world.rule(moves, stays)
    returned = world.until("returned", contact_id="c-moves").body
    assert returned.reason == facts_pb2.RETURN_REASON_STALE_MAP
    assert world.until("offered", contact_id="c-stays").body.session_id == "s-stays"


@pytest.mark.usefixtures("dispatcher")
def test_a_policy_that_is_tightened_sends_back_what_is_queued_and_leaves_a_confirmed_one(
    world: DispatcherWorld,
) -> None:
    confirmed(world, "kept")
    world.rule(world.routed("c-queued", "S-kept"))
    world.until("queued", contact_id="c-queued")
    world.publish_policy(required=True)
    returned = world.until("returned", contact_id="c-queued").body
    assert returned.reason == facts_pb2.RETURN_REASON_STALE_POLICY
    assert kinds(world.facts, "c-kept")[-1] == "confirmed"


@pytest.mark.usefixtures("dispatcher")
def test_an_outcome_counts_from_a_session_that_came_back_with_a_new_generation(
    world: DispatcherWorld,
) -> None:
    confirm = confirmed(world, "back").body
    announced = commands_pb2.Unsealing(
        session_id="s-back", generation=confirm.generation, attempt=confirm.attempt
    )
    world.command(unsealing=announced)
    world.until("dial_started", contact_id="c-back")
    again = world.sign_in("s-back", "C-back").body
    assert again.generation > confirm.generation
    outcome = commands_pb2.GiveOutcome(
        session_id="s-back",
        attempt=confirm.attempt,
        disposition=commands_pb2.DISPOSITION_REACHED,
        nonce=confirm.nonce,
    )
    world.command(give_outcome=outcome)
    ended = world.until("ended", contact_id="c-back").body
    assert (ended.reason, ended.disposition) == (
        facts_pb2.END_REASON_OUTCOME,
        commands_pb2.DISPOSITION_REACHED,
    )


def test_a_late_record_of_a_router_behind_a_saved_position_is_dropped_after_a_restart_too(
    world: DispatcherWorld, dispatcher: DispatcherProcess
) -> None:
    world.publish_map(**{"S-late": "C-late"})
    epoch, seq = world.rulings.epoch, world.rulings.seq
    world.rule(world.routed("c-before", "S-late"))
    world.until("queued", contact_id="c-before")
    world.take_rulings_over()
    world.rule(world.routed("c-new", "S-late"))
    world.until("queued", contact_id="c-new")
    dispatcher.pause()
    world.rule_late(epoch, seq + 2, world.routed("c-zombie", "S-late"))
    dispatcher.restart()
    world.rule(world.routed("c-after", "S-late"))
    world.until("queued", contact_id="c-after")
    assert not kinds(world.facts, "c-zombie")
    assert [len(world.of("queued", contact_id=c)) for c in ("c-before", "c-new")] == [1, 1]


def test_a_dispatcher_killed_between_two_records_of_facts_of_one_record_of_rulings(
    world: DispatcherWorld, dispatcher: DispatcherProcess
) -> None:
    world.publish_map(**{"S-split": "C-split"})
    world.until("map_applied", version=world.map_version)
    for attempt in range(TRIES):
        names = [f"c-split-{attempt}-{n}" for n in range(A_RECORD * RECORDS)]
        for start in range(0, len(names), A_RECORD):
            world.rule(*(world.routed(n, "S-split") for n in names[start : start + A_RECORD]))
        world.until("queued", contact_id=names[0])
        dispatcher.restart()
        world.until("queued", contact_id=names[-1])
        queued = Counter(told.body.contact.contact_id for told in world.of("queued"))
        assert {n: queued[n] for n in names if queued[n] != 1} == {}
        if was_split(world):
            return
    pytest.fail(f"in {TRIES} tries it was never killed within a record of rulings")


def was_split(world: DispatcherWorld) -> bool:
    """Tell whether the reign before the last ended within a record of rulings."""
    last = world.headers[-1].point.epoch
    index = 0
    for header in world.headers:
        if header.point.epoch < last:
            for topic, _, position in header.inputs:
                index = position.index if topic == topics.RULINGS else index
    return index > 0


def test_an_heir_of_a_backlog_longer_than_a_lease_honours_what_was_accepted_in_time(
    world: DispatcherWorld, dispatcher: DispatcherProcess
) -> None:
    world.publish_map(**{"S-heir": "C-heir"})
    world.until("map_applied", version=world.map_version)
    for number in range(CALLERS):
        world.sign_in(f"s-heir-{number}", "C-heir")
    world.rule(*(world.routed(f"c-heir-{number}", "S-heir") for number in range(CALLERS)))
    world.until_there(CALLERS, "offered", seat_id="S-heir")
    dispatcher.kill()
    died_at_ms = now_ms()
    for offer in offers_of(world):
        accept(world, offer)
    world.wait(died_at_ms + BACKLOG_S * 1_000)
    with world.dispatcher(1):
        world.until_there(CALLERS, "confirmed", seat_id="S-heir")
    expired = [t for t in world.of("offer_expired") if t.body.session_id.startswith("s-heir")]
    assert not expired
    assert not world.of("gateway_lost")


def offers_of(world: DispatcherWorld) -> list[Told]:
    return world.of("offered", seat_id="S-heir")
