"""Settings of intake, from the environment."""

from pathlib import Path

from pydantic import Field, field_validator

from services.intake.domain.phone import is_country
from services.runtime.sealing import Sealer
from services.runtime.settings import ProcessSettings


class IntakeSettings(ProcessSettings):
    """Settings of one intake process."""

    key_file: Path = Field(description="Sealing key of the stack, 32 bytes.")
    phone_country: str = Field(
        "IN", description="Country of numbers without a country code, ISO 3166."
    )
    phone_strict: bool = Field(
        default=False, description="Whether a number must lie in an assigned range."
    )
    contact_valid_s: int = Field(
        43_200,
        ge=60,
        le=86_400,
        description="From a record's append to the end of its release; within the router's window.",
    )
    dead_share_max: float = Field(
        0.5, ge=0, le=1, description="Share of dead letters past which intake stops."
    )
    dead_window: int = Field(
        1000, ge=10, le=100_000, description="Newest records that the share is taken of."
    )
    dead_records_min: int = Field(
        100, ge=1, le=100_000, description="Records seen before the share counts."
    )

    @field_validator("key_file")
    @classmethod
    def _holds_a_key(cls, value: Path) -> Path:
        try:
            Sealer.from_file(value)
        except OSError as error:
            raise ValueError(f"cannot be read ({error.strerror}); `make up` writes it") from None
        return value

    @field_validator("phone_country")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if not is_country(value):
            raise ValueError("no country with known phone numbers; give a code such as IN")
        return value
