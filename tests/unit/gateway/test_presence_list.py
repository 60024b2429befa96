"""What a gateway says of the streams it has (rule 4.7)."""

import itertools
from pathlib import Path

import pytest

from seatline.commands.v1.commands_pb2 import PresenceList
from seatline.facts.v1 import session_pb2
from seatline.facts.v1.facts_pb2 import Fact, FactRecord
from services.gateway.adapters import commands_out
from services.gateway.wiring import FACTS
from services.runtime.fenced_log.header import FencePoint, Header, to_proto
from services.runtime.set_digest import digest_of_one
from tests.fakes.scripted_dispatcher import sign_in_wish
from tests.unit.gateway.rig import Rig, caught_up


def digest_of(*nonces: bytes) -> int:
    return sum(map(digest_of_one, nonces)) % 2**64


async def living(folder: Path) -> Rig:
    """Return a rig that has given its first sign of life."""
    rig = await caught_up(folder)
    await rig.running.publish_readiness()
    digest(rig)
    return rig


def digest(rig: Rig) -> int:
    """Let a second pass; return the digest of partition 0, and see that it names what was read."""
    rig.clock.advance(1_000)
    rig.running.pulse()
    while rig.running.commands.waiting:
        rig.acknowledge()
    (alive,) = [each.gateway_alive for each in rig.commands() if each.HasField("gateway_alive")]
    ((_, offset, at_ms), _) = rig.running.progress.facts_read()
    assert (alive.facts_offset, alive.facts_at.ToMilliseconds()) == (offset, at_ms)
    assert alive.HasField("digest")
    return alive.digest


def ask(rig: Rig, number: int = 7, boot_id: bytes | None = None) -> list[PresenceList]:
    asked = session_pb2.PresenceListAsked(
        boot_id=rig.sessions.boot_id if boot_id is None else boot_id, number=number
    )
    rig.fact(Fact(presence_list_asked=asked))
    rig.step()
    return [each.presence_list for each in rig.commands() if each.HasField("presence_list")]


async def test_a_sign_of_life_has_the_digest_of_what_the_log_has_bound(tmp_path: Path) -> None:
    rig = await living(tmp_path)
    assert digest(rig) == 0
    first, second = rig.bound(rig.stream()), rig.bound(rig.stream(), "S-2")
    assert digest(rig) == digest_of(first.nonce, second.nonce)


async def test_a_sign_of_life_names_the_time_of_the_last_record_that_counts(
    tmp_path: Path,
) -> None:
    rig = await living(tmp_path)
    owner, seq = b"owner-of-a-test!", rig.dispatcher.seq[0]
    for point, at_ms in ((FencePoint(1, owner, seq), 5_000), (FencePoint(0, owner, 9), 7_000)):
        record = FactRecord(header=to_proto(Header(point, at_ms)))
        rig.broker.append((FACTS, 0), record.SerializeToString())
    rig.step()
    assert next(iter(rig.running.progress.facts_read())) == (0, seq + 2, 5_000)
    digest(rig)


async def test_a_binding_counts_from_its_fact_on_until_its_stream_or_its_fact_ends_it(
    tmp_path: Path,
) -> None:
    rig = await living(tmp_path)
    stream, other = rig.stream(), rig.stream()
    first, second = rig.bound(stream), rig.bound(other, "S-2")
    rig.running.stream_closed(stream)
    assert digest(rig) == digest_of(second.nonce)
    out = session_pb2.SignedOut(session_id="S-2", nonce=second.nonce)
    rig.fact(Fact(signed_out=out))
    rig.step()
    assert (digest(rig), first.nonce != second.nonce) == (0, True)


async def test_a_binding_that_another_partition_has_overtaken_counts_in_neither(
    tmp_path: Path,
) -> None:
    rig = await living(tmp_path)
    bound = rig.bound(rig.stream())
    elsewhere = session_pb2.SignedIn(
        session_id=bound.session_id, generation=1, boot_id=b"another", nonce=b"elsewhere"
    )
    rig.clock.advance(1)
    rig.fact(Fact(signed_in=elsewhere), partition=1)
    rig.step()
    bindings = rig.sessions.bindings
    assert (digest(rig), bindings.digest(1), len(bindings)) == (0, 0, 0)


async def test_what_was_asked_for_and_never_bound_does_not_count(tmp_path: Path) -> None:
    rig = await living(tmp_path)
    stream = rig.stream()
    rig.writer.lose_acks = True
    rig.wish(stream, sign_in_wish("S-1"))
    rig.acknowledge()
    rig.writer.lose_acks = False
    rig.running.stream_closed(stream)
    assert digest(rig) == 0


async def test_a_question_is_answered_with_the_nonces_in_force_of_its_partition(
    tmp_path: Path,
) -> None:
    rig = await living(tmp_path)
    nonces = [rig.bound(rig.stream(), f"S-{n}").nonce for n in range(3)]
    (answer,) = ask(rig)
    assert answer == PresenceList(number=7, nonces=sorted(nonces))


async def test_a_gateway_without_sessions_answers_too_and_reads_what_it_is_asked(
    tmp_path: Path,
) -> None:
    rig = await living(tmp_path)
    assert ask(rig) == [PresenceList(number=7)]


async def test_a_question_to_another_gateway_is_not_answered(tmp_path: Path) -> None:
    rig = await living(tmp_path)
    rig.bound(rig.stream())
    assert ask(rig, boot_id=b"another") == []


@pytest.mark.parametrize(("count", "sizes"), [(2, [2]), (3, [2, 1]), (4, [2, 2])])
async def test_a_long_list_is_cut_into_ranges_without_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, sizes: list[int]
) -> None:
    monkeypatch.setattr(commands_out, "LISTED_MAX", 2)
    rig = await living(tmp_path)
    nonces = sorted(rig.bound(rig.stream(), f"S-{n}").nonce for n in range(count))
    parts = ask(rig)
    assert [len(part.nonces) for part in parts] == sizes
    assert [nonce for part in parts for nonce in part.nonces] == nonces
    assert (parts[0].first, parts[-1].behind) == (b"", b"")
    for before, part in itertools.pairwise(parts):
        assert before.behind == part.first == part.nonces[0]


async def test_an_answer_is_said_again_until_it_is_acknowledged(tmp_path: Path) -> None:
    rig = await living(tmp_path)
    rig.writer.lose_acks = True
    asked = session_pb2.PresenceListAsked(boot_id=rig.sessions.boot_id, number=7)
    rig.fact(Fact(presence_list_asked=asked))
    rig.step()
    rig.writer.lose_acks = False
    rig.running.commands.settle()
    rig.acknowledge()
    assert [each.presence_list.number for each in rig.commands()] == [7, 7]


async def test_a_desk_whose_stream_the_log_has_ended_is_told_to_sign_in_anew(
    tmp_path: Path,
) -> None:
    rig = await living(tmp_path)
    stream, other = rig.stream(), rig.stream()
    ended, stays = rig.bound(stream), rig.bound(other, "S-2")
    await rig.news(stream)
    rig.fact(Fact(stream_ended=session_pb2.StreamEnded(nonces=[ended.nonce, b"foreign"])))
    rig.step()
    (told,) = await rig.news(stream)
    assert told.signed_out.reason == session_pb2.SIGN_OUT_REASON_GONE
    assert digest(rig) == digest_of(stays.nonce)


async def test_an_offer_that_goes_on_is_told_again_behind_the_sign_in(tmp_path: Path) -> None:
    rig = await living(tmp_path)
    stream = rig.stream()
    bound = rig.bound(stream)
    await rig.news(stream)
    bound.generation = 2
    bound.offer.attempt.contact_id = "K-1"
    bound.offer.seat_id = "S24-35"
    bound.offer.lease_until.FromMilliseconds(5_000)
    rig.fact(Fact(signed_in=bound))
    rig.step()
    signed_in, offer = await rig.news(stream)
    assert signed_in.HasField("signed_in")
    assert (offer.session_id, offer.offer.attempt.contact_id) == ("S-1", "K-1")
    assert (offer.offer.seat_id, offer.offer.lease_until.seconds) == ("S24-35", 5)
