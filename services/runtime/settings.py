"""Typed settings from environment variables, read once, all problems at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.runtime.errors import SettingsError

PREFIX = "SEATLINE_"


class ProcessSettings(BaseModel):
    """Settings of every process of a stack."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kafka: str = Field(min_length=1, description="Bootstrap servers, host:port[,host:port].")
    state: Path = Field(description="State folder of the stack.")
    slot: str = Field(pattern=r"^[a-z]+-[0-9]+$", description="Name of this process.")
    partitions: int = Field(ge=1, le=1024, description="Partitions that the stack has.")
    http_port: int = Field(ge=1, le=65535, description="Metrics and health, on 127.0.0.1.")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def slot_index(self) -> int:
        """Number at the end of the slot's name."""
        return int(self.slot.rpartition("-")[2])


S = TypeVar("S", bound=ProcessSettings)


def read_settings(cls: type[S], environ: Mapping[str, str]) -> S:
    """Return the settings of one process from its environment.

    Args:
        cls: Settings model of the process.
        environ: Usually `os.environ`; names without the prefix are ignored.

    Raises:
        SettingsError: Missing, malformed or unknown names; the message lists all of them.
    """
    values = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX)
    }
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        problems = [_problem(detail["loc"], detail["msg"]) for detail in error.errors()]
        raise SettingsError("wrong settings:\n  " + "\n  ".join(problems)) from None


def _problem(loc: tuple[int | str, ...], message: str) -> str:
    name = PREFIX + "_".join(str(part) for part in loc).upper()
    if message == "Extra inputs are not permitted":
        return f"{name}: no such setting for this process; unset it or correct its name"
    return f"{name}: {message}"
