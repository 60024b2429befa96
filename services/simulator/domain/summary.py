"""What came of a run, for a person: the figures of the report in the order of their weight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PLACES = ("finished", "refused", "held", "returned", "open", "lost")
MISSED = "missed"

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A small table; all cells but those of the first column are aligned to the right."""

    heads: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """What is told at the end of a run."""

    ok: bool
    facts: tuple[str, ...]
    sheets: tuple[Sheet, ...]
    verdict: str


def summary(result: Mapping[str, Any]) -> Summary:
    """Sum a report up, by the names of `docs/interfaces.md`."""
    return Summary(
        ok=result["ok"],
        facts=(_equation(result), _traffic(result), _wait(result)),
        sheets=(_figures(result), _processes(result)),
        verdict=_verdict(result),
    )


def as_text(told: Summary) -> str:
    """Return the summary as plain lines."""
    blocks = ["\n".join(told.facts), *map(_aligned, told.sheets), told.verdict]
    return "\n\n".join(blocks)


def _equation(result: Mapping[str, Any]) -> str:
    parts = " + ".join(f"{result[place]:,} {place}" for place in _PLACES)
    return f"{result['contacts']:,} contacts = {parts}"


def _traffic(result: Mapping[str, Any]) -> str:
    return (
        f"{result['offers']:,} offers to {result['sessions']:,} callers of {result['centres']:,} "
        f"centres, {result['confirmed']:,} confirmed, {result['doubled']:,} doubled"
    )


def _wait(result: Mapping[str, Any]) -> str:
    return f"{result['waited']:,} contacts had to wait for a caller"


def _figures(result: Mapping[str, Any]) -> Sheet:
    missed = _names(result["bars_missed"])
    rows: list[Row] = [
        ("offers a second", f"{result['offers_per_second']:,.1f}", f"of {result['rate']:g}", "")
    ]
    for name in ("offer_ms", "outcome_durable_ms"):
        for share in ("p50", "p99"):
            bar = result["bars"][name].get(share)
            rows.append(
                (
                    f"{name} {share}",
                    f"{result[name][share]:,.1f}",
                    "" if bar is None else f"{bar:g}",
                    MISSED if {name, f"{name}.{share}"} & missed else "",
                )
            )
    return Sheet(("", "measured", "bar", ""), tuple(rows))


def _processes(result: Mapping[str, Any]) -> Sheet:
    missed, bars = _names(result["bars_missed"]), result["bars"]["rss_mb"]
    busiest = sorted(result["cpu_s"].items(), key=lambda item: -item[1])
    rows = (
        (
            name,
            f"{cpu_s:,.1f}",
            f"{result['rss_mb'][name]:,.0f}",
            f"{bars[name]:g}" if name in bars else "",
            MISSED if f"rss_mb.{name}" in missed else "",
        )
        for name, cpu_s in busiest
    )
    return Sheet(("process", "CPU s", "peak MB", "bar", ""), tuple(rows))


def _verdict(result: Mapping[str, Any]) -> str:
    if not result["ok"]:
        return f"Violated: {'; '.join(result['faults'])}."
    held = "Held: every contact is accounted for, and none was given to two callers"
    if missed := result["bars_missed"]:
        return f"{held}; missed: {', '.join(missed)}."
    return f"{held}; every bar was met."


def _names(missed: Sequence[str]) -> set[str]:
    return {text.partition(":")[0] for text in missed}


def _aligned(sheet: Sheet) -> str:
    table = (sheet.heads, *sheet.rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    )
