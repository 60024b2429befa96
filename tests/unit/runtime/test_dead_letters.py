from services.runtime.dead_letters import DeadLetterCeiling


def test_a_few_dead_letters_are_allowed_and_one_more_within_the_window_is_not() -> None:
    ceiling = DeadLetterCeiling(ceiling=3, window_ms=1_000)
    assert [ceiling.allows(mono_ms) for mono_ms in (0, 300, 600, 999)] == [True, True, True, False]


def test_dead_letters_are_forgotten_after_the_window() -> None:
    ceiling = DeadLetterCeiling(ceiling=3, window_ms=1_000)
    assert all(ceiling.allows(mono_ms) for mono_ms in range(0, 40_000, 400))


def test_asking_in_vain_does_not_prolong_the_wait() -> None:
    ceiling = DeadLetterCeiling(ceiling=3, window_ms=1_000)
    assert [ceiling.allows(mono_ms) for mono_ms in range(0, 1_100, 100)] == [
        *[True] * 3,
        *[False] * 7,
        True,
    ]
