"""Source and desks, in one process as the simulator is: contacts go out, their callers answer.

The way of an offer is measured here, from a contact's planned time to the read of its frame.
"""

import asyncio
import gc
import heapq
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any

import grpc
import uvloop
from grpc.aio import EOF

from bench.bare_path.frames import METHOD, STREAM, Frames
from bench.bare_path.plan import plan
from bench.bare_path.setting import Contact, Setting
from bench.bare_path.source import Source
from bench.bare_path.wire import Entry, Step, decode, encode
from services.simulator.adapters.gateway_client import CHANNEL
from services.simulator.domain.measure import Spread
from services.simulator.domain.patience import UNDISTURBED_S
from services.simulator.handlers.pump import TICK_S

_LOOK_EVERY_S = 0.05
_ORDER = (Step.SHOWN_OFFER, Step.SHOWN_NUMBER, Step.SHOWN_ON_CALL, Step.SHOWN_SAVED)


class Desks:
    """All callers: each hears of one contact, and sees it through."""

    def __init__(self, contacts: Sequence[Contact], streams: int) -> None:
        self.frames = [Frames() for _ in range(streams)]
        self.frames_read = 0
        self.took_s: dict[int, float] = {}
        """From a contact's planned time to the read of its first offer, by number."""
        self.begin_s = 0.0
        self.seen: Counter[tuple[int, int]] = Counter()
        """How often each contact came to each step."""
        self.saved: set[int] = set()
        """Contacts whose callers heard that they are over."""
        self._contacts = contacts
        self._due: list[tuple[float, int, Step]] = []
        self._hurried = False

    async def read(self, call: Any) -> None:
        """Hear one stream to its end."""
        while (frame := await call.read()) is not EOF:
            read_s = time.monotonic()
            self.frames_read += 1
            for event in decode(frame):
                self.hear(event, read_s)

    def hear(self, event: Entry, read_s: float) -> None:
        """Let the caller of a contact hear an event that was read at some time."""
        number = event.number
        self.seen[number, event.step] += 1
        contact = self._contacts[number]
        match event.step:
            case Step.SHOWN_OFFER:
                self.took_s.setdefault(number, read_s - self.begin_s - contact.at_s)
                self._plan(read_s + contact.think_s, number, Step.WISH_ACCEPT)
            case Step.SHOWN_NUMBER:
                first = Step.WISH_HANG_UP if contact.wrap_up_s else Step.WISH_OUTCOME
                self._plan(read_s + contact.talk_s, number, first)
            case Step.SHOWN_SAVED:
                self.saved.add(number)
            case _:
                pass

    async def pump(self) -> None:
        """Let callers act when they are due, until cancelled."""
        while True:
            now_s = time.monotonic()
            while self._due and (self._hurried or self._due[0][0] <= now_s):
                _, number, step = heapq.heappop(self._due)
                self._wish(number, step, now_s)
            await asyncio.sleep(TICK_S)

    def hurry(self) -> None:
        """Have all calls end at once: nothing is measured any more."""
        self._hurried = True

    def counts(self) -> dict[str, int]:
        """Return what was counted so far."""
        return {
            "offers": len(self.took_s),
            "frames_out": self.frames_read,
            "frames_in": sum(each.written for each in self.frames),
        }

    def faults(self) -> dict[str, int]:
        """Count the contacts that did not come to a step, or came twice."""
        times = [
            self.seen[number, step] for number in range(len(self._contacts)) for step in _ORDER
        ]
        return {"open": len(self._contacts) - len(self.saved), "twice": sum(n > 1 for n in times)}

    def _wish(self, number: int, step: Step, now_s: float) -> None:
        contact = self._contacts[number]
        about = Entry(step, contact.floor, contact.stream, number)
        self.frames[contact.stream].put(encode(step, about))
        if step is Step.WISH_HANG_UP:
            self._plan(now_s + contact.wrap_up_s, number, Step.WISH_OUTCOME)

    def _plan(self, at_s: float, number: int, step: Step) -> None:
        heapq.heappush(self._due, (at_s, number, step))


def serve(setting: Setting, told: Connection) -> None:
    """Be source and desks: told a port and then the time of the start, tells what came of it."""
    uvloop.run(_serve(setting, told))


async def _serve(setting: Setting, told: Connection) -> None:
    contacts = plan(setting.load)
    desks = Desks(contacts, setting.load.streams)
    port = await asyncio.to_thread(told.recv)
    ready = asyncio.Semaphore(0)
    keeping = [
        asyncio.ensure_future(_keep(desks, number, port, ready))
        for number in range(setting.load.streams)
    ]
    for _ in keeping:
        await ready.acquire()
    keeping.append(asyncio.ensure_future(desks.pump()))
    # As in the simulator: no collection is to walk over all contacts while it measures.
    gc.collect()
    gc.freeze()
    told.send("ready")
    desks.begin_s = await asyncio.to_thread(told.recv)
    told.send(await _happen(setting, contacts, desks))
    await asyncio.to_thread(told.recv)
    for task in keeping:
        task.cancel()
    await asyncio.gather(*keeping, return_exceptions=True)


async def _happen(setting: Setting, contacts: Sequence[Contact], desks: Desks) -> dict[str, Any]:
    load = setting.load
    source = Source(setting, contacts)
    sending = threading.Thread(target=source.run, args=(desks.begin_s,), daemon=True)
    sending.start()
    window_s = (load.warm_up_s, load.warm_up_s + load.seconds)
    before, after = [await _count_at(desks, desks.begin_s + at_s) for at_s in window_s]
    await _within(UNDISTURBED_S, lambda: len(desks.took_s) == len(contacts))
    desks.hurry()
    await _within(load.finish_s, lambda: len(desks.saved) == len(contacts))
    source.stop.set()
    await asyncio.to_thread(sending.join)
    measured = [
        took_s * 1_000.0
        for number, took_s in desks.took_s.items()
        if window_s[0] <= contacts[number].at_s < window_s[1]
    ]
    return {
        "contacts": len(contacts),
        **desks.faults(),
        "offer_ms": asdict(Spread.of(measured)),
        "sender_late_ms": round(source.latest_s * 1_000.0, 1),
        "counts": {name: after[name] - before[name] for name in after},
    }


async def _count_at(desks: Desks, at_s: float) -> dict[str, int]:
    await asyncio.sleep(max(0.0, at_s - time.monotonic()))
    return desks.counts()


async def _within(limit_s: float, condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + limit_s
    while not condition() and time.monotonic() < until_s:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(_LOOK_EVERY_S)


async def _keep(desks: Desks, number: int, port: int, ready: asyncio.Semaphore) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL) as channel:
        call: Any = channel.stream_stream(METHOD)(metadata=((STREAM, str(number)),))
        await call.wait_for_connection()
        ready.release()
        await asyncio.gather(desks.read(call), desks.frames[number].write(call.write))
