from pathlib import Path

from bench.figures import Figure
from bench.rows.load import SPENDERS, cost_rows, costs, offers
from bench.rows.peer import ask
from bench.simulation import CALLERS, Run, per_contact_us
from bench.world import World


def test_a_contact_costs_what_all_slots_of_a_kind_spent_and_whoever_measured_is_left_out() -> None:
    spent = {"router-0": 0.5, "router-1": 0.25, "kafka-0": 3.0, CALLERS: 1.0, "simulator": 9.0}
    assert per_contact_us(spent, 1_000) == {"router": 750.0, "kafka": 3_000.0, CALLERS: 1_000.0}
    assert per_contact_us(spent, 0) == {}


def test_the_sum_is_of_all_processes_but_the_callers_and_so_is_that_of_the_limit() -> None:
    spent = {"router": 100.0, "kafka": 300.0, CALLERS: 50.0}
    bare = {"router": 20.0, "kafka": 200.0, CALLERS: 25.0}
    found = costs("cpu_us", Run({}, spent), bare)
    assert found["cpu_us_total"] == Figure(400.0, 220.0)
    assert found["cpu_us_callers"] == Figure(50.0, 25.0)
    assert costs("cpu_us", Run({}, spent), {})["cpu_us_total"] == Figure(400.0)
    assert costs("cpu_us", Run({}, {}), {}) == {"cpu_us_total": Figure(None)}


def test_every_process_has_a_row() -> None:
    found = costs("cpu_us", Run({}, dict.fromkeys(SPENDERS, 1.0)), {})
    assert {row.name for row in cost_rows("cpu_us")} | {"cpu_us_total"} == found.keys()


def test_offers_are_set_against_the_bare_path_and_a_run_without_offers_has_no_figure() -> None:
    run = Run({"offer_ms": {"n": 9, "p50": 4.0, "p99": 20.0}}, {})
    assert offers("offer", run, {"n": 3, "p50": 2.0, "p99": 8.0}) == {
        "offer_p50": Figure(4.0, 2.0),
        "offer_p99": Figure(20.0, 8.0),
    }
    silent = Run({"offer_ms": {"n": 0, "p50": 0.0, "p99": 0.0}}, {})
    assert offers("offer", silent, {}) == {"offer_p50": Figure(None), "offer_p99": Figure(None)}


def test_a_peer_that_is_not_there_is_said_to_be() -> None:
    assert ask(module="bench.nowhere.queue") == ({}, "bench.nowhere.queue is not there")
    assert ask(module="bench.nowhere") == ({}, "bench.nowhere is not there")


def test_a_trial_is_smaller_in_everything_and_still_has_a_caller_for_each_centre() -> None:
    whole = World(Path("nowhere"), print)
    trial = World(Path("nowhere"), print, scale=0.01)
    assert (whole.sessions, whole.rate_per_s, whole.lasting(60)) == (20_000, 300, 60)
    assert (trial.sessions, trial.rate_per_s, trial.lasting(60)) == (450, 3, 3)
    assert trial.lasting(1) == 1
