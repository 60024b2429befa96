import os

from services.simulator.adapters.processes import Costs


def test_costs_are_by_name_and_include_the_simulator() -> None:
    costs = Costs(lambda: {"router-0": os.getpid(), "postgres": os.getppid()})
    costs.sample()
    assert costs.rss_mb.keys() >= {"router-0", "postgres", "simulator"}
    assert costs.rss_mb["router-0"] > 1
    assert costs.cpu_s["router-0"] == 0.0


def test_cpu_counts_from_the_first_sample_on() -> None:
    costs = Costs(dict)
    costs.sample()
    while costs.cpu_s["simulator"] < 0.02:
        sum(range(100_000))
        costs.sample()
    assert costs.cpu_s["simulator"] >= 0.02


def test_a_process_that_is_gone_is_left_out() -> None:
    costs = Costs(lambda: {"router-0": 2**22 + 1})
    costs.sample()
    assert "router-0" not in costs.rss_mb
