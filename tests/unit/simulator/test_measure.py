from services.simulator.domain.arrivals import Arrival, Part
from services.simulator.domain.calls import Attempt
from services.simulator.domain.measure import Ranking, Spread, Tally, contact_id, number_of


def arrival(
    number: int, at_ms: float, part: Part = Part.MEASURED, foreign: bool = False
) -> Arrival:
    return Arrival(number, at_ms, "S1", "", 5, foreign=foreign, part=part)


def offer(number: int, attempt: int = 1) -> Attempt:
    return Attempt(contact_id("run-a", number), 1, attempt)


def test_an_offer_counts_from_the_scheduled_send_when_the_caller_was_ready() -> None:
    tally = Tally([arrival(0, 500.0)], "run-a", started_ms=1_000.0)
    tally.offered(offer(0), ready_ms=200.0, now_ms=1_504.0)
    assert list(tally.offer_ms) == [4.0]
    assert tally.waited == 0


def test_an_offer_counts_from_the_caller_when_the_contact_had_to_wait() -> None:
    tally = Tally([arrival(0, 500.0)], "run-a", started_ms=1_000.0)
    tally.offered(offer(0), ready_ms=9_000.0, now_ms=9_003.0)
    assert list(tally.offer_ms) == [3.0]
    assert tally.waited == 1


def test_only_first_offers_of_the_measured_part_are_measured() -> None:
    plan = [arrival(0, 0, Part.WARM_UP), arrival(1, 0, Part.BURST), arrival(2, 0)]
    tally = Tally(plan, "run-a")
    for number in range(3):
        tally.offered(offer(number), 0.0, 5.0)
    tally.offered(offer(2, attempt=2), 0.0, 99.0)
    tally.offered(offer(2), 0.0, 99.0)
    assert list(tally.offer_ms) == [5.0]
    assert (tally.offers, tally.offered_at) == (5, {"S1": 3})


def test_a_contact_of_another_run_is_in_no_plan() -> None:
    tally = Tally([arrival(0, 0)], "run-a")
    for left_over in ("run-b-0000000", "run-b-0000007", "run-aa-0000000"):
        tally.offered(Attempt(left_over, 1, 1), 0.0, 5.0)
    assert (tally.offers, tally.offered_at.total(), list(tally.offer_ms)) == (3, 0, [])


def test_foreign_contacts_are_measured_with_the_rest_and_apart() -> None:
    tally = Tally([arrival(0, 0, foreign=True), arrival(1, 0)], "run-a")
    tally.offered(offer(0), 0.0, 20.0)
    tally.offered(offer(1), 0.0, 4.0)
    assert sorted(tally.offer_ms) == [4.0, 20.0]
    assert list(tally.foreign_offer_ms) == [20.0]


def test_percentiles_are_of_the_nearest_rank() -> None:
    assert Spread.of([float(n) for n in range(100, 0, -1)]) == Spread(100, 50, 90, 99, 100)
    assert Spread.of([7.0]) == Spread(1, 7, 7, 7, 7)
    assert Spread.of([]) == Spread(0, 0, 0, 0, 0)


def test_a_growing_sample_is_ranked_as_if_at_once() -> None:
    sample: list[float] = []
    ranking = Ranking(sample)
    assert ranking.spread() == Spread.of([])
    for more in ([5.0, 1.0, 9.0], [], [0.5, 7.0]):
        sample += more
        assert ranking.spread() == Spread.of(sample)


def test_a_contact_id_tells_its_number() -> None:
    assert number_of(contact_id("sim1-68c0", 1_234)) == 1_234


def test_the_first_offer_that_is_read_counts_even_when_another_got_lost() -> None:
    tally = Tally([arrival(0, 0)], "run-a")
    tally.offered(offer(0, attempt=2), 0.0, 21_000.0)
    assert list(tally.offer_ms) == [21_000.0]
