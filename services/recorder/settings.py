"""Settings of the recorder."""

from typing import Self

from pydantic import Field, model_validator

from services.runtime.settings import ProcessSettings


class RecorderSettings(ProcessSettings):
    """What a recorder is told: which slot of how many it is, and where its database is."""

    slots: int = Field(ge=1, le=1024, description="Recorders that the stack has.")
    postgres: str = Field(
        pattern=r"^postgres(ql)?://", repr=False, description="DSN of the database."
    )

    @model_validator(mode="after")
    def _slot_is_one_of_them(self) -> Self:
        if self.slot_index >= self.slots:
            raise ValueError(
                f"SEATLINE_SLOT {self.slot} is not below SEATLINE_SLOTS {self.slots}: "
                "slots are numbered from 0"
            )
        return self

    @property
    def own_partitions(self) -> tuple[int, ...]:
        """Partitions of each log that this slot records."""
        return tuple(range(self.slot_index, self.partitions, self.slots))
