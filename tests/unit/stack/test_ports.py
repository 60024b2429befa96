import socket
from pathlib import Path

import pytest

from services.stack import ports
from services.stack.errors import StackError
from services.stack.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.of(tmp_path)


def test_a_door_keeps_its_port_and_a_new_one_gets_another(layout: Layout) -> None:
    first = ports.assign(layout, ["a/http", "b/http"])
    later = ports.assign(layout, ["b/http", "c/http"])

    assert later.items() > first.items()
    assert len(set(later.values())) == 3
    assert ports.load(layout) == later


def test_ports_lie_below_those_that_clients_are_given(layout: Layout) -> None:
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    drawn = ports.assign(layout, [f"x-{number}/http" for number in range(50)]).values()

    assert min(drawn) >= ports.LOWEST
    assert max(drawn) < max(first_outgoing, ports.LOWEST + 2_000)


def test_a_port_on_which_another_listens_is_named(layout: Layout) -> None:
    assigned = ports.assign(layout, ["a/http", "b/http"])
    with socket.create_server(("127.0.0.1", assigned["a/http"])):
        ports.refuse_taken(assigned, ["b/http"])
        with pytest.raises(StackError, match=rf"{assigned['a/http']} \(a/http\)"):
            ports.refuse_taken(assigned, ["a/http", "b/http"])
    ports.refuse_taken(assigned, ["a/http", "b/http"])
