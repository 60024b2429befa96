import logging
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checker.check import check
from tests.checker.stack import StackHistory, read_endpoints
from tests.support.eventually import eventually
from tests.support.load import (
    FACTS,
    RULINGS,
    Log,
    assert_memory_was_judged,
    assert_promises_were_kept,
    command,
    decided_again_s,
    fetch,
    load_on,
    now_ms,
    owned_by,
    publish,
    read_log,
)
from tests.support.stack import Stack, whole_stack

pytestmark = pytest.mark.timeout(400)

AGAIN_WITHIN_S = 5.0
ROUTER_AGAIN_WITHIN_S = 10.0
OFFERS_WITHIN_S = 10.0
"""Sessions are back within 5 s; the next offer to one of each partition follows."""
TAKEOVER_WITHIN_S = 10.0
"""Owner silence of 3 s, a claim, a fence, and what came meanwhile."""
PAUSE_S = 15.0
SESSIONS = 450
DISPATCHERS = ("dispatcher-0", "dispatcher-1")
ALLOTTED = {"queued", "offered"}
RULED = {"routed", "held", "refused"}
OFFER_ENDS = {"confirmed", "offer_expired", "offer_declined", "offer_rescinded"}

figures = logging.getLogger("figures")
"""Shown by `pytest --log-level=info -rP`, or live by `--log-cli-level=info`."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("deaths")
    with whole_stack(folder, slots={"dispatcher": len(DISPATCHERS)}) as running:
        publish(running)
        yield running


def busiest_dispatcher(stack: Stack) -> str:
    facts = read_log(stack, FACTS)
    return max(DISPATCHERS, key=lambda slot: len(owned_by(facts, slot, now_ms())))


def recorded_until(stack: Stack) -> int:
    query = "SELECT sum(next_offset) AS entries FROM seatline.recorder_position"
    return int(fetch(stack, query)[0]["entries"])


def test_amid_calls_the_dispatchers_have_the_fold_of_their_facts_in_memory(
    stack: Stack, tmp_path: Path
) -> None:
    with load_on(stack, tmp_path, sessions=SESSIONS) as load:
        code, report = command(stack, "audit", "--deep")
        assert (code, report["deep"]["found"]) == (0, {}), report["deep"]["findings"]
        assert_memory_was_judged(report)
        live = report["deep"]["live"]
        assert live["partitions"] == stack.endpoints["partitions"]
        assert live["sessions"] >= SESSIONS
        assert live["contacts"] > 0, "no call was under way"
        figures.info("compared in memory: %s", live)

        history = StackHistory(read_endpoints(stack.layout.state), None, None)
        contact_id, forgotten_by = forget_a_contact(history)
        (found,) = check(history).findings.kept
        assert (found.rule.name, found.about.contact_id) == ("live_state", contact_id)
        assert f"{forgotten_by} says nothing" in found.story
        assert_promises_were_kept(stack, load)


def forget_a_contact(history: StackHistory) -> tuple[str, str]:
    """Take a contact out of what a dispatcher told; name both."""
    for slot, page, _ in history.answers():
        for part in page["partitions"] if page else ():
            if part["contacts"]:
                return part["contacts"].pop()["contact_id"], slot
    pytest.fail("no contact was in memory")


def test_a_dispatcher_paused_for_15_s_wakes_to_another_in_its_place_and_spoils_nothing(
    stack: Stack, tmp_path: Path
) -> None:
    with load_on(stack, tmp_path, sessions=SESSIONS, seconds=PAUSE_S + 1) as load:
        victim = busiest_dispatcher(stack)
        wakes_at, hurt_at_ms = time.monotonic() + PAUSE_S, now_ms()
        stack.pause(victim)
        try:
            eventually(lambda: time.monotonic() >= wakes_at, within_s=PAUSE_S + 5)
        finally:
            stack.resume(victim)
        assert_promises_were_kept(stack, load)

    facts = read_log(stack, FACTS)
    touched = owned_by(facts, victim, hurt_at_ms)
    again_s = decided_again_s(facts, touched, hurt_at_ms, ALLOTTED)
    figures.info("decided again after %.2f s", again_s)
    assert again_s <= TAKEOVER_WITHIN_S, f"{again_s} s until {sorted(touched)} decided again"
    woken_at_ms = hurt_at_ms + int(PAUSE_S * 1_000)
    assert not touched & owned_by(facts, victim, woken_at_ms), "nobody took over"


def test_a_killed_dispatcher_decides_again_within_5_s(stack: Stack, tmp_path: Path) -> None:
    with load_on(stack, tmp_path, sessions=SESSIONS) as load:
        victim = busiest_dispatcher(stack)
        hurt_at_ms = now_ms()
        stack.kill(victim)
        assert_promises_were_kept(stack, load)

    facts = read_log(stack, FACTS)
    touched = owned_by(facts, victim, hurt_at_ms)
    again_s = decided_again_s(facts, touched, hurt_at_ms, ALLOTTED)
    figures.info("decided again after %.2f s", again_s)
    assert again_s <= AGAIN_WITHIN_S, f"{again_s} s until {sorted(touched)} decided again"


def test_a_killed_router_rules_again_within_10_s(stack: Stack, tmp_path: Path) -> None:
    with load_on(stack, tmp_path, sessions=SESSIONS) as load:
        hurt_at_ms = now_ms()
        stack.kill("router-0")
        assert_promises_were_kept(stack, load)

    rulings = read_log(stack, RULINGS)
    again_s = decided_again_s(rulings, rulings, hurt_at_ms, RULED)
    figures.info("ruled again after %.2f s", again_s)
    assert again_s <= ROUTER_AGAIN_WITHIN_S, f"{again_s} s until every partition ruled again"


def decided(stack: Stack) -> set[tuple[str, int, int, int]]:
    """Place of every ruling and every fact that counts, as far as the logs go now."""
    return {
        (topic, record.partition, record.offset, index)
        for topic in (RULINGS, FACTS)
        for records in read_log(stack, topic).values()
        for record in records
        for index in range(len(record.entries))
    }


def kept(stack: Stack) -> list[tuple[str, int, int, int]]:
    """Place of every ruling and every fact that the recorder keeps."""
    query = "SELECT topic, partition, record_offset, entry FROM seatline.decision"
    return [tuple(row) for row in fetch(stack, query)]


def test_a_killed_recorder_holds_no_decision_up_and_keeps_each_one_once(
    stack: Stack, tmp_path: Path
) -> None:
    with load_on(stack, tmp_path, sessions=SESSIONS) as load:
        hurt_at_ms = now_ms()
        pid = stack.kill("recorder-0")
        eventually(lambda: stack.endpoints["pids"].get("recorder-0", pid) != pid)
        recorded = recorded_until(stack)
        eventually(lambda: recorded_until(stack) > recorded, what="recording goes on")
        figures.info("recorded again after %.2f s", (now_ms() - hurt_at_ms) / 1_000)
        assert_promises_were_kept(stack, load)

    facts = read_log(stack, FACTS)
    again_s = decided_again_s(facts, facts, hurt_at_ms, ALLOTTED, same_reign=True)
    figures.info("decided again after %.2f s", again_s)
    assert again_s <= AGAIN_WITHIN_S, f"{again_s} s until every partition decided again"

    wanted = decided(stack)
    eventually(lambda: len(kept(stack)) >= len(wanted), what="every decision is kept")
    kept_now = kept(stack)
    for wrong, why in (
        (wanted.difference(kept_now), "missing"),
        (Counter(kept_now) - Counter(set(kept_now)), "kept twice"),
        (set(kept_now) - decided(stack), "kept though a fence has overtaken them"),
    ):
        assert not wrong, f"{len(wrong)} of {len(wanted)} decisions are {why}: {min(wrong)}"


def test_a_killed_gateway_has_all_its_sessions_back_within_5_s_and_offers_flow(
    stack: Stack, tmp_path: Path
) -> None:
    with load_on(stack, tmp_path, sessions=SESSIONS) as load:
        hurt_at_ms = now_ms()
        stack.kill("gateway-0")
        assert_promises_were_kept(stack, load)

    facts = read_log(stack, FACTS)
    again_s = decided_again_s(facts, facts, hurt_at_ms, ALLOTTED, same_reign=True)
    figures.info("decided again after %.2f s", again_s)
    assert again_s <= AGAIN_WITHIN_S, f"{again_s} s until every partition decided again"
    bound = bindings_after(facts, hurt_at_ms)
    assert len(bound.signed_in_s) == SESSIONS, "not every session signed in again"
    assert len(bound.offered_s) == stack.endpoints["partitions"]
    signed_in_s, offered_s = max(bound.signed_in_s.values()), max(bound.offered_s.values())
    figures.info("signed in again after %.2f s", signed_in_s)
    figures.info("offered again after %.2f s", offered_s)
    stood = unheard_offers(facts, hurt_at_ms)
    figures.info("offers to streams that had ended stood for s, %s", seconds(stood))
    assert signed_in_s <= AGAIN_WITHIN_S, f"{signed_in_s} s until all sessions were back"
    assert offered_s <= OFFERS_WITHIN_S, f"{offered_s} s until every partition's offers arrived"


def unheard_offers(facts: Log, hurt_at_ms: int) -> list[float]:
    """How long each offer stood that a stream of the dead gateway had, or should have told."""
    told = [
        (record.appended_at_ms, fact.WhichOneof("kind"), getattr(fact, fact.WhichOneof("kind")))
        for records in facts.values()
        for record in records
        for fact in record.entries
    ]
    dead = {body.nonce for at, kind, body in told if kind == "signed_in" and at <= hurt_at_ms}
    begun = {
        body.attempt.SerializeToString(): at_ms
        for at_ms, kind, body in told
        if kind == "offered" and body.nonce in dead
    }
    return sorted(
        (at_ms - begun[body.attempt.SerializeToString()]) / 1_000
        for at_ms, kind, body in told
        if kind in OFFER_ENDS and at_ms > hurt_at_ms and body.attempt.SerializeToString() in begun
    )


def seconds(stood: list[float]) -> str:
    """Say how many, and their half, tenth and longest."""
    if not stood:
        return "none"
    half, tenth = (stood[int(len(stood) * share)] for share in (0.5, 0.9))
    return f"{len(stood)}: p50 {half:.1f}, p90 {tenth:.1f}, longest {stood[-1]:.1f}"


class Bindings:
    """What happened on the streams of a gateway's next life."""

    def __init__(self) -> None:
        self.signed_in_s: dict[str, float] = {}
        """By session, the first time."""
        self.offered_s: dict[int, float] = {}
        """By partition, the first time to a stream of that life."""


def bindings_after(facts: Log, hurt_at_ms: int) -> Bindings:
    """Follow the streams that were bound by a gateway that nobody had seen before."""
    found = Bindings()
    for partition, records in facts.items():
        known: set[bytes] = set()
        nonces: set[bytes] = set()
        for record in records:
            after_s = (record.appended_at_ms - hurt_at_ms) / 1_000
            for fact in record.entries:
                boot_id = fact.signed_in.boot_id
                if after_s <= 0:
                    known.add(boot_id)
                elif boot_id and boot_id not in known:
                    nonces.add(fact.signed_in.nonce)
                    found.signed_in_s.setdefault(fact.signed_in.session_id, after_s)
                elif fact.offered.nonce in nonces:
                    found.offered_s.setdefault(partition, after_s)
    return found
