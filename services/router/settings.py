"""Settings of the router, from the environment."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from services.runtime.fenced_log.world import QUEUED_MAX
from services.runtime.settings import ProcessSettings


class RouterSettings(ProcessSettings):
    """Settings of one router process."""

    slots: int = Field(ge=1, le=64, description="Router slots that the stack has.")
    mode: Literal["rehearsal", "live"] = Field(description="What the stack was created for.")
    owner_silence_ms: int = Field(
        3_000, ge=1_000, description="Silence after which an owner is taken for dead."
    )
    inputs_queued_max: int = Field(
        default=QUEUED_MAX, ge=1, description="Inputs that may wait in this process."
    )
    policy_offset_s: int = Field(0, description="Added to broker time to get policy time.")
    dedupe_window_s: int = Field(
        86_400,
        ge=60,
        le=7 * 86_400,
        description="How long a ruled release is remembered; the longest `valid_until` allowed.",
    )

    @field_validator("policy_offset_s")
    @classmethod
    def _live_means_now(cls, value: int, info: ValidationInfo) -> int:
        if value and info.data.get("mode") == "live":
            raise ValueError("an offset is for rehearsals; unset it on a live stack")
        return value

    @property
    def policy_offset_ms(self) -> int:
        """The policy clock's offset."""
        return self.policy_offset_s * 1000

    @property
    def dedupe_window_ms(self) -> int:
        """The dedupe window."""
        return self.dedupe_window_s * 1000
