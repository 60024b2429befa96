from services.runtime.fenced_log.header import Claim, Fence, FencePoint, Header, Yield
from services.runtime.fenced_log.reader import Verdict
from services.runtime.fenced_log.watch import OWNER_SILENCE_MS, Want, Watch

T = 1_770_000_000_000
RECORD = Header(FencePoint(1, b"o", 1), 0)
CLAIM = Header(FencePoint(0, b"c", 0), 0, control=Claim("slot-1"))


def watch(*, preferred: bool = False, owned_by: str | None = "slot-9") -> Watch:
    made = Watch("slot-0", preferred=preferred, owner_silence_ms=OWNER_SILENCE_MS)
    if owned_by is not None:
        fenced(made, owned_by, 0)
    return made


def fenced(watched: Watch, slot: str, mono_ms: int, epoch: int = 1) -> None:
    header = Header(FencePoint(epoch, slot.encode(), 0), 0, control=Fence(slot))
    watched.saw(header, Verdict.ACCEPTED, T + mono_ms, mono_ms)


def yielded(watched: Watch, to_slot: str, mono_ms: int) -> None:
    header = Header(FencePoint(1, b"o", 2), 0, control=Yield(to_slot))
    watched.saw(header, Verdict.ACCEPTED, T + mono_ms, mono_ms)


def listen(watched: Watch, start_ms: int, stop_ms: int) -> Want:
    """Ask every 100 ms, at the end of the log each time; give the last answer."""
    want = Want.NOTHING
    for mono_ms in range(start_ms, stop_ms + 1, 100):
        want = watched.want(mono_ms, at_end=True)
    return want


def claimed(watched: Watch, mono_ms: int) -> None:
    watched.claim_sent()
    watched.saw(CLAIM, Verdict.WITHOUT_AUTHORITY, T + mono_ms, mono_ms)
    watched.own_claim_read()


def test_an_owner_silent_for_three_seconds_is_claimed_then_fenced() -> None:
    watched = watch()
    assert listen(watched, 0, 2_900) is Want.NOTHING
    assert listen(watched, 3_000, 3_000) is Want.CLAIM
    watched.claim_sent()
    assert listen(watched, 3_100, 3_100) is Want.NOTHING
    watched.own_claim_read()
    assert listen(watched, 3_200, 3_200) is Want.FENCE


def test_a_slow_broker_is_not_a_silent_owner() -> None:
    watched = watch()
    listen(watched, 0, 2_900)
    assert watched.want(3_000, at_end=False) is Want.NOTHING
    assert listen(watched, 3_100, 6_000) is Want.NOTHING
    assert listen(watched, 6_100, 6_100) is Want.CLAIM


def test_a_slow_broker_between_claim_and_fence_starts_the_silence_anew() -> None:
    watched = watch()
    listen(watched, 0, 3_000)
    claimed(watched, 3_100)
    assert watched.want(3_200, at_end=False) is Want.NOTHING
    assert listen(watched, 3_300, 6_200) is Want.NOTHING
    assert listen(watched, 6_300, 6_300) is Want.FENCE


def test_any_record_of_the_owner_voids_a_claim() -> None:
    watched = watch()
    listen(watched, 0, 3_000)
    claimed(watched, 3_100)
    watched.saw(RECORD, Verdict.ACCEPTED, T, 3_200)
    assert listen(watched, 3_300, 6_100) is Want.NOTHING
    assert listen(watched, 6_200, 6_200) is Want.CLAIM


def test_a_claim_overtaken_by_the_owner_on_its_way_is_void() -> None:
    watched = watch()
    listen(watched, 0, 3_000)
    watched.claim_sent()
    watched.saw(RECORD, Verdict.ACCEPTED, T, 3_050)
    watched.own_claim_read()
    assert listen(watched, 3_100, 6_000) is Want.NOTHING
    assert listen(watched, 6_100, 6_100) is Want.CLAIM
    watched.claim_sent()
    assert listen(watched, 6_200, 6_200) is Want.NOTHING


def test_what_a_fence_has_overtaken_is_no_sign_of_life() -> None:
    watched = watch()
    listen(watched, 0, 2_900)
    for verdict in (Verdict.LOWER_EPOCH, Verdict.OTHER_OWNER, Verdict.SEEN_SEQ):
        watched.saw(RECORD, verdict, T, 2_950)
    assert listen(watched, 3_000, 3_000) is Want.CLAIM


def test_the_claim_of_another_voids_nothing() -> None:
    watched = watch()
    listen(watched, 0, 3_000)
    claimed(watched, 3_100)
    watched.saw(CLAIM, Verdict.WITHOUT_AUTHORITY, T, 3_150)
    assert listen(watched, 3_200, 3_200) is Want.FENCE


def test_a_slot_takes_back_its_own_at_once_but_not_before_the_end_is_read() -> None:
    watched = watch(owned_by="slot-0")
    assert watched.owner_slot == "slot-0"
    assert watched.want(0, at_end=False) is Want.NOTHING
    assert watched.want(1, at_end=True) is Want.FENCE


def test_a_slot_does_not_take_back_what_another_took_meanwhile() -> None:
    watched = watch(owned_by="slot-0")
    fenced(watched, "slot-9", 10, epoch=2)
    assert watched.want(20, at_end=True) is Want.NOTHING


def test_an_ownerless_partition_is_taken_at_once_by_the_slot_that_prefers_it() -> None:
    assert watch(preferred=True, owned_by=None).want(0, at_end=True) is Want.FENCE
    assert watch(preferred=True, owned_by="slot-9").want(0, at_end=True) is Want.NOTHING


def test_an_ownerless_partition_is_taken_after_the_silence_by_any_other_slot() -> None:
    watched = watch(owned_by=None)
    assert watched.owner_slot is None
    assert listen(watched, 0, 2_900) is Want.NOTHING
    assert listen(watched, 3_000, 3_000) is Want.CLAIM


def test_each_further_takeover_within_a_minute_doubles_the_silence() -> None:
    watched = watch(owned_by=None)
    demanded = []
    for turn, slot in enumerate(("slot-1", "slot-2", "slot-1", "slot-2")):
        fenced(watched, slot, turn * 1_000, epoch=turn + 1)
        demanded.append(watched.silence_ms())
    assert demanded == [3_000, 6_000, 12_000, 24_000]
    assert listen(watched, 3_000, 26_900) is Want.NOTHING
    assert listen(watched, 27_000, 27_000) is Want.CLAIM


def test_the_doubling_has_a_ceiling() -> None:
    watched = watch(owned_by=None)
    for turn in range(50):
        fenced(watched, f"slot-{turn % 2}", turn * 100, epoch=turn + 1)
    assert watched.silence_ms() == 96_000


def test_a_takeover_is_forgotten_after_a_minute() -> None:
    watched = watch(owned_by="slot-1")
    fenced(watched, "slot-2", 1_000, epoch=2)
    watched.saw(RECORD, Verdict.ACCEPTED, T + 60_999, 60_999)
    assert watched.silence_ms() == 6_000
    watched.saw(RECORD, Verdict.ACCEPTED, T + 61_000, 61_000)
    assert watched.silence_ms() == 3_000


def test_a_slot_that_takes_back_its_own_does_not_double_the_silence() -> None:
    watched = watch(owned_by="slot-9")
    for turn in range(5):
        fenced(watched, "slot-9", turn * 1_000, epoch=turn + 2)
    assert watched.silence_ms() == 3_000


def test_the_loser_of_a_fence_race_listens_anew() -> None:
    watched = watch()
    listen(watched, 0, 3_000)
    claimed(watched, 3_100)
    watched.lost(3_200)
    assert listen(watched, 3_300, 6_100) is Want.NOTHING
    assert listen(watched, 6_200, 6_200) is Want.CLAIM


def test_the_slot_that_a_yield_names_fences_at_once_and_nobody_else() -> None:
    named, other = watch(), Watch("slot-1", preferred=True, owner_silence_ms=OWNER_SILENCE_MS)
    fenced(other, "slot-9", 0)
    for watched in (named, other):
        listen(watched, 0, 900)
        yielded(watched, "slot-0", 1_000)
    assert named.want(1_100, at_end=True) is Want.FENCE
    assert listen(other, 1_100, 3_900) is Want.NOTHING
    assert listen(other, 4_000, 4_000) is Want.CLAIM


def test_a_yield_to_anybody_is_for_those_who_were_there() -> None:
    there, late = watch(), watch()
    listen(there, 0, 900)
    for watched in (there, late):
        yielded(watched, "", 1_000)
    assert there.want(1_100, at_end=True) is Want.FENCE
    assert listen(late, 1_100, 3_900) is Want.NOTHING
    assert listen(late, 4_000, 4_000) is Want.CLAIM


def test_the_preferred_and_the_former_slot_may_come_late_to_a_yield_to_anybody() -> None:
    preferred, former = watch(preferred=True), watch(owned_by="slot-0")
    for watched in (preferred, former):
        yielded(watched, "", 1_000)
        assert watched.want(1_100, at_end=True) is Want.FENCE


def test_a_slot_does_not_take_back_what_it_yielded_to_another() -> None:
    watched = watch(owned_by="slot-0")
    listen(watched, 0, 0)
    yielded(watched, "slot-9", 1_000)
    assert listen(watched, 1_100, 3_900) is Want.NOTHING


def test_a_yield_that_does_not_count_gives_nobody_a_right() -> None:
    watched = watch()
    listen(watched, 0, 0)
    header = Header(FencePoint(1, b"o", 2), 0, control=Yield("slot-0"))
    watched.saw(header, Verdict.LOWER_EPOCH, T, 10)
    assert watched.want(20, at_end=True) is Want.NOTHING


def test_what_follows_a_yield_is_no_takeover() -> None:
    watched = watch()
    yielded(watched, "", 100)
    fenced(watched, "slot-1", 200, epoch=2)
    assert (watched.silence_ms(), watched.placed, watched.is_yielded) == (3_000, False, False)
    yielded(watched, "slot-2", 300)
    fenced(watched, "slot-2", 400, epoch=3)
    assert (watched.silence_ms(), watched.placed) == (3_000, True)
    fenced(watched, "slot-1", 500, epoch=4)
    assert (watched.silence_ms(), watched.placed) == (6_000, False)
