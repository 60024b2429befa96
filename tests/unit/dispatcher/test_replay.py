from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from tests.support.hash_seeds import OTHERS, told_under
from tests.unit.dispatcher.laws import check, dump
from tests.unit.dispatcher.recorded_case import recorded


def test_two_folds_of_the_same_facts_are_the_same_floor_after_every_fact() -> None:
    one, other = FloorHandler(Limits()), FloorHandler(Limits())
    for at_ms, fact in recorded(seed=3).log:
        one.evolve([fact], at_ms)
        other.evolve([fact], at_ms)
        assert dump(one.floor) == dump(other.floor)
        check(one.floor)


def test_a_fold_of_the_log_is_the_floor_that_wrote_it() -> None:
    script = recorded(seed=5)
    heir = FloorHandler(Limits())
    for at_ms, fact in script.log:
        heir.evolve([fact], at_ms)
    assert dump(heir.floor) == dump(script.core.floor)


def test_decisions_and_floor_do_not_hang_on_the_hash_seed() -> None:
    case = "tests.unit.dispatcher.recorded_case"
    first, *others = [told_under(seed, "-m", case) for seed in OTHERS]
    assert "\nTrue " in first
    assert first.count("Offered(") > 100
    assert others == [first, first]
