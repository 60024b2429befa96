import pytest

from bench.peers.postgres_queue.knee import find_knee


async def loads(limit: float, runs_max: int, start: float = 300.0) -> tuple[float, list[float]]:
    tried: list[float] = []

    async def holds(load: float) -> bool:
        tried.append(load)
        return load <= limit

    return await find_knee(start, holds, runs_max), tried


async def test_the_load_grows_until_it_fails_and_the_search_ends_close_to_the_knee() -> None:
    knee, tried = await loads(limit=700.0, runs_max=6)
    assert tried == [300.0, 450.0, 675.0, 1_010.0, 826.0]
    assert knee == 675.0


async def test_a_first_load_that_fails_is_made_smaller() -> None:
    knee, tried = await loads(limit=100.0, runs_max=4)
    assert tried == [300.0, 200.0, 133.0, 88.7]
    assert knee == 88.7


async def test_nothing_that_held_is_no_knee() -> None:
    knee, _ = await loads(limit=1.0, runs_max=2)
    assert knee == 0.0


@pytest.mark.parametrize("limit", [10.0, 333.0, 5_000.0, 1e9])
async def test_the_knee_is_a_load_that_held(limit: float) -> None:
    knee, tried = await loads(limit, runs_max=7)
    assert knee in tried or knee == 0.0
    assert knee <= limit
    assert len(tried) <= 7
