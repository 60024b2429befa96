from services.runtime.dead_letters import DeadLetterCeiling


def test_a_few_dead_letters_are_allowed_and_one_more_within_the_window_is_not() -> None:
    ceiling = DeadLetterCeiling(ceiling=3, window_ms=1_000)
    assert [ceiling.allows(mono_ms) for mono_ms in (0, 300, 600, 999)] == [True, True, True, False]


def test_dead_letters_are_forgotten_after_the_window() -> None:
    ceiling = DeadLetterCeiling(ceiling=3, window_ms=1_000)
    assert all(ceiling.allows(mono_ms) for mono_ms in range(0, 40_000, 400))
