"""The state that the services' own cores fold a history into, as a digest.

What is digested is named here field by field: a later version may keep more in its state, and must
come to the same of what is named. Printed as a command, to be compared across processes.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.domain.floor import Floor
from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from services.router.adapters.log_codec import RouterCodec
from services.router.handlers import Orders, RulingHandler
from services.runtime.fenced_log.reader import FencedReader
from tests.checker.history import FACTS, RULINGS, Log
from tests.histories.kept import KeptHistory, load

LOOK_EVERY = 20
"""Records of a partition between two looks at its state; the last one is looked at as well."""
DEDUPE_WINDOW_MS = 86_400_000
_CONTACT = ("place", "attempt", "misses", "session_id", "generation", "deadline_ms", "dial_by_ms")
_QUEUE = ("order", "wait_until_ms", "waiting", "allow_until_ms", "map_version", "policy_version")
_SESSION = ("centre_id", "languages", "generation", "activity", "presence", "idle_since_ms")
_HELD = ("contact", "misses", "pausing", "draining", "idle")


def digest_of(history: KeptHistory) -> dict[str, str]:
    """Fold every partition of facts and rulings; give a digest for each."""
    digests = {}
    for number in range(history.partitions):
        for topic, looks in ((FACTS, floors), (RULINGS, dedupes)):
            log = (topic, number)
            digest = hashlib.sha256()
            for look in looks(history, log):
                digest.update(json.dumps(look, sort_keys=True, default=_plain).encode())
            digests[f"{topic}/{number}"] = digest.hexdigest()
    return digests


def floors(history: KeptHistory, log: Log) -> Iterator[Any]:
    """Yield what is named of a floor, every few records."""
    codec, core = DispatcherCodec(history.partitions), FloorHandler(Limits())
    yield from _folded(history, log, codec, core, lambda: described(core.floor))


def dedupes(history: KeptHistory, log: Log) -> Iterator[Any]:
    """Yield the releases that the router remembers, every few records."""
    codec, core = RouterCodec(), RulingHandler(Orders(0), DEDUPE_WINDOW_MS)
    known = {
        f"{ruling.contact.contact_id}/{ruling.contact.release}"
        for record in history.records(log)
        for ruling in codec.entries(record.value)
    }

    def look() -> list[str]:
        return sorted(name for name in known if name in core.seen)

    yield from _folded(history, log, codec, core, look)


def _folded(history: KeptHistory, log: Log, codec: Any, core: Any, look: Any) -> Iterator[Any]:
    rule = FencedReader(f"{log[0]}/{log[1]}")
    for number, record in enumerate(history.records(log), start=1):
        header = codec.header(record.value)
        if rule.accept(header).counts:
            core.evolve(codec.entries(record.value), header.at_ms)
        if number % LOOK_EVERY == 0:
            yield look()
    yield look()


def described(floor: Floor) -> dict[str, Any]:
    """Name what decides what comes next: contacts, sessions, orders."""
    return {
        "contacts": [
            [key, *(getattr(live, name) for name in (*_CONTACT, *_QUEUE))]
            for key, live in sorted(floor.contacts.items())
        ],
        "sessions": [
            [key, *(getattr(session, name) for name in (*_SESSION, *_HELD))]
            for key, session in sorted(floor.sessions.items())
        ],
        "centres": [
            [key, queue.takes, queue.contacts_waiting, queue.sessions_ready]
            for key, queue in sorted(floor.centres.items())
        ],
        "home": sorted(floor.home.items()),
        "map_version": floor.map_version,
        "rules": [floor.rules.version, floor.rules.max_wait_ms, floor.rules.wrap_up_ms],
        "stops": sorted(floor.stops),
        "withdrawn": sorted(map(repr, floor.withdrawn)),
        "nonces": sorted((nonce.hex(), name) for nonce, name in floor.by_nonce.items()),
        "gateways": sorted((boot.hex(), seen) for boot, seen in floor.gateways.items()),
        "leaving": [[key, int(reason)] for key, reason in floor.leaving.items()],
        "awaiting": sorted(floor.awaiting.items()),
    }


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else repr(value)


def main() -> None:
    """Print the digests of a history."""
    sys.stdout.write(json.dumps(digest_of(load(Path(sys.argv[1])))))


if __name__ == "__main__":
    main()
