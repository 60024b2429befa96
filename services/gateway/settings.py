"""Settings of a gateway."""

from pathlib import Path

from pydantic import Field, field_validator

from services.runtime.sealing import Sealer
from services.runtime.settings import ProcessSettings


class GatewaySettings(ProcessSettings):
    """What a gateway reads from its environment, prefix `SEATLINE_`."""

    grpc_port: int = Field(ge=1, le=65535, description="The door, on 127.0.0.1.")
    key_file: Path = Field(description="Sealing key of the stack, 32 bytes.")
    token_file: Path = Field(description="Login token of the stack.")
    stream_queue_max: int = Field(
        default=5_000, ge=1, description="News that may wait for one desk before it is closed."
    )
    streams_max: int = Field(default=1_000, ge=1, description="Streams open at a time.")
    stream_sessions_max: int = Field(default=5_000, ge=1, description="Bindings of one stream.")
    commands_waiting_max: int = Field(
        default=20_000, ge=1, description="Wishes that may wait per partition."
    )
    drain_s: float = Field(default=5.0, gt=0, le=60, description="Deadline of an orderly stop.")

    @field_validator("key_file")
    @classmethod
    def _key_is_readable(cls, path: Path) -> Path:
        try:
            Sealer.from_file(path)
        except OSError as error:
            raise ValueError(f"cannot be read ({error.strerror}); `make up` writes it") from None
        return path

    @field_validator("token_file")
    @classmethod
    def _token_is_readable(cls, path: Path) -> Path:
        try:
            token = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise ValueError("cannot be read as ASCII text; `make up` writes it") from None
        if not token:
            raise ValueError("holds no token; `make up` writes it")
        return path
