"""What a run is worth: promises broken, recovery in seconds, bars missed."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.course import Event

BARRED_FROM_N = 3
"""A bar is compared with the p95 of so many faults at least."""
TAKEOVER_BAR_S = 2.0
GROWTH_BAR_MB_PER_MIN = 1.0
FINDINGS_TOLD = 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was seen."""

    events: Sequence[Event]
    load: Mapping[str, Any]
    """The simulator's report."""
    audit: Mapping[str, Any]
    """Of `seatline audit --deep`."""
    not_done: Mapping[str, str] = field(default_factory=dict)
    growth: Mapping[str, float | None] = field(default_factory=dict)
    peaks: Mapping[str, float] = field(default_factory=dict)


def spread(sample: Sequence[float]) -> dict[str, float]:
    """Rank a sample: percentiles by the nearest rank, in seconds."""
    ranked = sorted(sample)

    def rank(share: float) -> float:
        return round(ranked[max(0, math.ceil(share * len(ranked)) - 1)], 3) if ranked else 0.0

    return {"n": len(ranked), "p50": rank(0.5), "p95": rank(0.95), "max": rank(1.0)}


def violations(evidence: Evidence) -> list[str]:
    """Name every broken promise as a sentence."""
    load, audit = evidence.load, evidence.audit
    deep = audit.get("deep") or {}
    told = [
        f"{name}: {count} of {load['contacts']} contacts"
        for name in ("lost", "doubled")
        if (count := max(load[name], audit[name]))
    ]
    if load["stuck"]:
        told.append(f"stuck: {load['stuck']} callers accepted an offer that nobody ever answered")
    if left := max(load["open"], audit["open"]):
        told.append(f"no rest: {left} contacts were still open when time was up")
    if load["contacts"] != sum(load[place] for place in _PLACES):
        told.append("contacts do not add up to the places where they are")
    told += [f"{event.never}" for event in evidence.events if event.never]
    told += [
        f"checker, {found['rule']}: {found['story']}"
        for found in list(deep.get("findings", ()))[:FINDINGS_TOLD]
    ]
    if not told and not audit["ok"]:
        told.append("audit: it has findings; `seatline audit --deep` names them")
    return told


def bars_missed(evidence: Evidence) -> list[str]:
    """Name every bar that was missed, with its figures."""
    bars = {event.kind.name: event.kind.bar_s for event in evidence.events}
    missed = [
        f"{name}: p95 {found['p95']:g} s > {bar:g} s (n {found['n']})"
        for name, found in recovery_s(evidence.events).items()
        if (bar := bars[name]) and found["n"] >= BARRED_FROM_N and found["p95"] > bar
    ]
    taken = takeover_s(evidence.events)
    if taken["n"] >= BARRED_FROM_N and taken["p95"] > TAKEOVER_BAR_S:
        missed.append(f"takeover: p95 {taken['p95']:g} s > {TAKEOVER_BAR_S:g} s (n {taken['n']})")
    missed += [
        f"memory: {name} grows by {mb:g} MB/min > {GROWTH_BAR_MB_PER_MIN:g}"
        for name, mb in evidence.growth.items()
        if mb is not None and mb > GROWTH_BAR_MB_PER_MIN
    ]
    return missed


def recovery_s(events: Sequence[Event]) -> dict[str, dict[str, float]]:
    """Return how long recovery took, by kind of fault."""
    taken: defaultdict[str, list[float]] = defaultdict(list)
    for event in events:
        if event.sign.done and event.sign.seconds is not None:
            taken[event.kind.name].append(event.sign.seconds)
    return {name: spread(each) for name, each in sorted(taken.items())}


def takeover_s(events: Sequence[Event]) -> dict[str, float]:
    """Return how long it took from a fence to the first decision behind it."""
    return spread([seconds for event in events for seconds in event.sign.takeover_s])


def others_gap_s(events: Sequence[Event]) -> dict[str, float]:
    """Return the longest gaps of partitions that others owned than who was hurt."""
    gaps = [event.sign.others_gap_s for event in events]
    return spread([gap for gap in gaps if gap is not None])


def report(evidence: Evidence, seconds: float, seed: int) -> dict[str, Any]:
    """Judge, and name everything as `docs/interfaces.md` does."""
    load, audit = evidence.load, evidence.audit
    deep = audit.get("deep") or {}
    broken = violations(evidence)
    return {
        "ok": not broken,
        "verdict": "violated" if broken else "ok",
        "violations": broken,
        "bars_missed": bars_missed(evidence),
        "faults": len(evidence.events),
        "by_kind": dict(sorted(Counter(event.kind.name for event in evidence.events).items())),
        "not_done": dict(sorted(evidence.not_done.items())),
        **{name: load[name] for name in ("contacts", "offers", *_PLACES)},
        "lost": max(load["lost"], audit["lost"]),
        "doubled": max(load["doubled"], audit["doubled"]),
        "stuck": load["stuck"],
        "recovery_s": recovery_s(evidence.events),
        "takeover_s": takeover_s(evidence.events),
        "others_gap_s": others_gap_s(evidence.events),
        "rss_growth_mb_per_min": dict(evidence.growth),
        "rss_mb": dict(evidence.peaks),
        "deep": {name: deep.get(name) for name in ("ok", "found", "records", "live", "snapshots")},
        "stream_breaks": load.get("stream_breaks"),
        "events": [_told(event) for event in evidence.events],
        "seconds": seconds,
        "seed": seed,
    }


_PLACES = ("finished", "refused", "held", "returned", "open", "lost")


def _told(event: Event) -> dict[str, Any]:
    sign = event.sign
    return {
        "at_s": round(event.at_s, 1),
        "kind": event.kind.name,
        "what": event.sentence,
        "seen": sign.told if sign.done else f"never: {sign.missing}",
        "recovery_s": sign.seconds,
    }
