"""The limit of an offer's way: the same hops through a real broker, nothing decided at any.

    python -m bench.bare_hops --state .seatline --rate 100 --seconds 20

A sender appends small records at random times to `hop-0`; each relay, a process of its own, appends
what it reads to the next topic; the sender's process reads the last one. Clients and settings are
those of the services; a relay keeps one send under way per partition, like the deciders do.
"""

import argparse
import itertools
import json
import multiprocessing
import random
import statistics
import sys
import time
from multiprocessing.synchronize import Event
from pathlib import Path

from confluent_kafka.admin import AdminClient, NewTopic

from services.runtime.kafka_log import KafkaLogReader, KafkaLogWriter
from services.runtime.log_port import START, SendError, Sent

PARTITIONS = 8
PADDING = b"x" * 300
_SETTLE_S = 2.0


def relay(bootstrap: str, source: str, target: str, stop: Event) -> None:
    """Append what arrives to the next topic, one send under way per partition."""
    reader = KafkaLogReader(bootstrap, f"relay-{source}")
    writer = KafkaLogWriter(bootstrap, f"relay-{source}")
    reader.assign({(source, n): START for n in range(PARTITIONS)})
    waiting: dict[int, list[bytes]] = {n: [] for n in range(PARTITIONS)}
    free = set(range(PARTITIONS))

    def done(result: Sent | SendError) -> None:
        free.add(result.partition)

    while not stop.is_set():
        for arrived in reader.poll(0.005):
            waiting[arrived.partition].append(arrived.value)
        writer.serve()
        for partition in [n for n in free if waiting[n]]:
            free.discard(partition)
            value = b"|".join(waiting[partition])
            waiting[partition].clear()
            writer.send((target, partition), value, done)
        writer.serve()
    reader.close()


def measure(bootstrap: str, last: str, rate: float, seconds: float) -> list[float]:
    """Send at random times and return the way of each record, in milliseconds."""
    reader = KafkaLogReader(bootstrap, "hops-end")
    writer = KafkaLogWriter(bootstrap, "hops-start")
    reader.assign({(last, n): START for n in range(PARTITIONS)})
    chance = random.Random(1)
    begin = time.monotonic() + _SETTLE_S
    due: list[float] = []
    at = begin
    while at < begin + seconds:
        due.append(at)
        at += chance.expovariate(rate)
    took: list[float] = []
    sent = 0
    deadline = begin + seconds + _SETTLE_S
    while len(took) < len(due) and time.monotonic() < deadline:
        while sent < len(due) and due[sent] <= time.monotonic():
            value = b"%d %s" % (sent, PADDING)
            writer.send(("hop-0", chance.randrange(PARTITIONS)), value, lambda _: None)
            sent += 1
        wait = min(0.005, max(0.0, due[sent] - time.monotonic())) if sent < len(due) else 0.005
        for arrived in reader.poll(wait):
            now = time.monotonic()
            numbers = (int(part.split()[0]) for part in arrived.value.split(b"|"))
            took.extend((now - due[number]) * 1000 for number in numbers)
        writer.serve()
    return took


def hops(bootstrap: str, rate: float, seconds: float, count: int = 3) -> list[float]:
    """Run a chain of so many topics; return the way of each record through it, in milliseconds."""
    names = [f"hop-{n}" for n in range(count)]
    admin = AdminClient({"bootstrap.servers": bootstrap})
    config = {"message.timestamp.type": "LogAppendTime"}
    made = admin.create_topics([NewTopic(name, PARTITIONS, 1, config=config) for name in names])
    for future in made.values():
        future.result()
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    relays = [
        context.Process(target=relay, args=(bootstrap, source, target, stop))
        for source, target in itertools.pairwise(names)
    ]
    for process in relays:
        process.start()
    try:
        return measure(bootstrap, names[-1], rate, seconds)
    finally:
        stop.set()
        for process in relays:
            process.join(5)
        for future in admin.delete_topics(names).values():
            future.result()


def main() -> int:
    """Run the chain and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".seatline"))
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--hops", type=int, default=3)
    given = parser.parse_args()
    bootstrap = json.loads((given.state / "endpoints.json").read_text())["kafka"]
    took = hops(bootstrap, given.rate, given.seconds, given.hops)
    cuts = statistics.quantiles(took, n=100)
    result = {"n": len(took), "hops": given.hops, "p50": cuts[49], "p90": cuts[89], "p99": cuts[98]}
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
