"""List the kinds of services that a stack runs, and the settings that each one knows."""

from dataclasses import dataclass

HTTP = "http"
GRPC = "grpc"

EVERYBODY = frozenset(
    {
        "SEATLINE_KAFKA",
        "SEATLINE_STATE",
        "SEATLINE_SLOT",
        "SEATLINE_PARTITIONS",
        "SEATLINE_HTTP_PORT",
        "SEATLINE_LOG_LEVEL",
    }
)


@dataclass(frozen=True)
class Kind:
    """Describe one kind of service: `python -m services.NAME`."""

    name: str
    settings: frozenset[str]
    """The names that it knows besides `EVERYBODY`; it refuses any other."""
    doors: tuple[str, ...] = (HTTP,)


KINDS = (
    Kind("intake", frozenset({"SEATLINE_KEY_FILE"})),
    Kind("router", frozenset({"SEATLINE_SLOTS", "SEATLINE_MODE", "SEATLINE_POLICY_OFFSET_S"})),
    Kind("dispatcher", frozenset({"SEATLINE_SLOTS"})),
    Kind(
        "gateway",
        frozenset({"SEATLINE_GRPC_PORT", "SEATLINE_KEY_FILE", "SEATLINE_TOKEN_FILE"}),
        (HTTP, GRPC),
    ),
    Kind("recorder", frozenset({"SEATLINE_SLOTS", "SEATLINE_POSTGRES"})),
)
"""In the order in which they drain: whoever feeds others leaves first."""


def kind_named(name: str) -> Kind | None:
    """Find a kind by its name."""
    return next((kind for kind in KINDS if kind.name == name), None)
