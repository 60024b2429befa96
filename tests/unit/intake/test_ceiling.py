from services.intake.domain.ceiling import Ceiling


def test_a_few_records_prove_nothing() -> None:
    assert Ceiling(0.5, 1000, 100).take([True] * 99) is None


def test_half_is_borne_and_more_is_not() -> None:
    ceiling = Ceiling(0.5, 1000, 100)
    assert ceiling.take([True, False] * 50) is None
    problem = ceiling.take([True])
    assert problem is not None
    assert problem.startswith("51 of the last 101 records are dead letters")


def test_only_the_newest_records_count() -> None:
    ceiling = Ceiling(0.5, 100, 100)
    assert ceiling.take([True] * 50 + [False] * 100) is None
    assert ceiling.take([True] * 50) is None
    assert ceiling.take([True]) is not None
