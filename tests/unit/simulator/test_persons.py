from random import Random

import phonenumbers

from services.simulator.domain.persons import person


def test_a_number_is_possible_and_can_never_ring() -> None:
    chance = Random(1).random
    for number in range(0, 10**8, 99_991):
        parsed = phonenumbers.parse(person(number, 12_345, chance).phone)
        assert phonenumbers.is_possible_number(parsed)
        assert not phonenumbers.is_valid_number(parsed)


def test_contacts_of_a_run_have_numbers_of_their_own() -> None:
    chance = Random(1).random
    phones = {person(number, 10**8 - 10, chance).phone for number in range(1_000)}
    assert len(phones) == 1_000
