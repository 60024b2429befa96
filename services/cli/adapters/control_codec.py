"""Requests to owners, and reigns that begin or end, between the wire and their values."""

from services.cli.domain.asked import Asked, Control, Given, Taken
from services.cli.domain.dead import Input
from services.runtime.fenced_log.header import Fence, Header, Yield
from services.runtime.fenced_log.wishes import HandOver, Request, Skip


def control_of(
    header: Header, topic: str, partition: int, at_ms: int, *, recorded: bool
) -> Control | None:
    """Return what a header says beyond its entries; None when that is nothing people ask about."""
    what: Asked | Given | Taken
    match header.control:
        case Request(by, why, Skip(of, number, offset, index), ""):
            what = Asked(by, why, Input(of, number, offset, index))
        case Request(by, why, HandOver(to_slot), ""):
            what = Asked(by, why, to_slot)
        case Yield():
            what = Given()
        case Fence(slot):
            what = Taken(slot)
        case _:
            return None
    return Control(topic.split(".")[1], partition, at_ms, what, recorded)
