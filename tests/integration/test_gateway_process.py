"""The gateway as a process on a real broker, with a scripted dispatcher at the other end."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from seatline.facts.v1 import facts_pb2, session_pb2
from services.runtime.clock import SystemClock
from services.runtime.set_digest import digest_of_one
from services.stack.plan import KAFKA
from tests.fakes.scripted_dispatcher import NAME, PHONE, attempt
from tests.integration.gateway_process import (
    PARTITIONS,
    Desk,
    FarEnd,
    eventually,
    free_port,
    gateway,
    never_dialled,
)
from tests.support.stack import Stack, Wish, whole_stack


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("gateway")
    with whole_stack(folder, wish=Wish(partitions=PARTITIONS), only=(KAFKA,)) as stack:
        yield stack


@pytest.fixture(scope="module")
def far(broker: Stack) -> FarEnd:
    end = FarEnd(broker.endpoints["kafka"])
    end.dispatcher.publish_map({"C001": 0})
    end.dispatcher.write(0)
    return end


def test_a_gateway_without_kafka_waits_says_so_and_stops_when_asked(tmp_path: Path) -> None:
    with gateway(tmp_path, f"127.0.0.1:{free_port()}") as process:
        eventually(lambda: "Kafka does not answer" in process.waits_for().get("started", ""))
        assert process.stop() == 0


def test_a_number_reaches_the_desk_through_the_real_broker(
    tmp_path: Path, broker: Stack, far: FarEnd
) -> None:
    with gateway(tmp_path, broker.endpoints["kafka"]) as process:
        eventually(lambda: not process.waits_for())
        with Desk(process.grpc_port) as desk:
            fact = far.bind(desk)
            dial_by_ms = SystemClock().wall_ms() + 15_000
            far.dispatcher.write(0, far.dispatcher.confirmed(fact, attempt(), dial_by_ms))
            number = desk.hears("number").number
            assert (number.phone, number.name) == (PHONE, NAME)
            eventually(lambda: attempt() in far.announced())
            eventually(lambda: far.said("gateway_alive"))
        eventually(lambda: any(fact.nonce in lost.nonces for lost in far.said("stream_lost")))
        assert process.stop() == 0
        log = process.log.read_text()
    assert PHONE not in log
    assert NAME not in log


def test_a_gateway_paused_after_the_confirm_and_woken_after_dial_by_shows_nothing(
    tmp_path: Path, broker: Stack, far: FarEnd
) -> None:
    with gateway(tmp_path, broker.endpoints["kafka"]) as process:
        eventually(lambda: not process.waits_for())
        with Desk(process.grpc_port) as desk:
            fact = far.bind(desk)
            process.popen.send_signal(signal.SIGSTOP)
            dial_by_ms = SystemClock().wall_ms() + 1_500
            late = attempt("K-late")
            far.dispatcher.write(0, far.dispatcher.confirmed(fact, late, dial_by_ms))
            eventually(lambda: SystemClock().wall_ms() > dial_by_ms)
            process.popen.send_signal(signal.SIGCONT)
            prompt = attempt("K-prompt")
            dial_by_ms = SystemClock().wall_ms() + 15_000
            far.dispatcher.write(0, far.dispatcher.confirmed(fact, prompt, dial_by_ms))
            assert desk.hears("number").number.attempt == prompt
        eventually(lambda: prompt in far.announced())
        assert late not in far.announced()
        assert process.stop() == 0


def test_a_gateway_that_slept_until_the_redial_was_under_way_elsewhere_shows_nothing(
    tmp_path: Path, broker: Stack, far: FarEnd
) -> None:
    kafka = broker.endpoints["kafka"]
    folders = tmp_path / "sleeps", tmp_path / "redials"
    for folder in folders:
        folder.mkdir()
    with gateway(folders[0], kafka) as sleeper, gateway(folders[1], kafka) as other:
        eventually(lambda: not (sleeper.waits_for() or other.waits_for()))
        with ExitStack() as desks:
            desk = desks.enter_context(Desk(sleeper.grpc_port))
            mine = far.bind(desk)
            next_desk = desks.enter_context(Desk(other.grpc_port, "S-2"))
            its = far.bind(next_desk)
            first, redial = attempt("K-redialled"), attempt("K-redialled", release=2)
            sleeper.popen.send_signal(signal.SIGSTOP)
            dial_by_ms = SystemClock().wall_ms() + 1_500
            far.dispatcher.write(0, far.dispatcher.confirmed(mine, first, dial_by_ms))
            # Rule 4.5: a second behind dial_by it counts as never dialled, and is due at once.
            eventually(lambda: SystemClock().wall_ms() > dial_by_ms + 1_000)
            far.dispatcher.write(0, never_dialled(mine, first))
            dial_by_ms = SystemClock().wall_ms() + 15_000
            far.dispatcher.write(0, far.dispatcher.confirmed(its, redial, dial_by_ms))
            number = next_desk.hears("number").number
            assert (number.attempt, number.phone) == (redial, PHONE)
            sleeper.popen.send_signal(signal.SIGCONT)
            after = attempt("K-after")
            dial_by_ms = SystemClock().wall_ms() + 15_000
            far.dispatcher.write(0, far.dispatcher.confirmed(mine, after, dial_by_ms))
            assert desk.hears("number").number.attempt == after
            assert desk.hears("call_over").call_over.attempt == first
        eventually(lambda: after in far.announced())
        assert first not in far.announced()
        assert far.announced().count(redial) == 1
        assert (sleeper.stop(), other.stop()) == (0, 0)


def test_a_gateway_tells_the_digest_of_its_streams_and_lists_them_when_asked(
    tmp_path: Path, broker: Stack, far: FarEnd
) -> None:
    with gateway(tmp_path, broker.endpoints["kafka"]) as process:
        eventually(lambda: not process.waits_for())
        with ExitStack() as stack:
            desks = [Desk(process.grpc_port, "S-1"), Desk(process.grpc_port, "S-2")]
            nonces = sorted(far.bind(stack.enter_context(desk)).nonce for desk in desks)
            digest = sum(map(digest_of_one, nonces)) % 2**64
            eventually(lambda: digest in [each.digest for each in far.said("gateway_alive")])
            assert list_asked(far, 4_711) == nonces
            ended = session_pb2.StreamEnded(nonces=nonces[:1])
            far.dispatcher.write(0, facts_pb2.Fact(stream_ended=ended))
            assert list_asked(far, 4_712) == nonces[1:]
            of_nonce = {each.nonce: each.session_id for each in far.said("sign_in")}
            gone = next(each for each in desks if each.session_id == of_nonce[nonces[0]])
            reason = gone.hears("signed_out").signed_out.reason
            assert reason == session_pb2.SIGN_OUT_REASON_GONE
        assert process.stop() == 0


def list_asked(far: FarEnd, number: int) -> list[bytes]:
    """Ask the gateway at the far end's other side which streams of partition 0 it has."""
    asked = session_pb2.PresenceListAsked(boot_id=far.boot_id, number=number)
    far.dispatcher.write(0, facts_pb2.Fact(presence_list_asked=asked))

    def answers() -> list[list[bytes]]:
        said = far.said("presence_list")
        return [list(each.nonces) for each in said if each.number == number]

    eventually(answers)
    return answers()[0]
