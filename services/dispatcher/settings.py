"""Settings of the dispatcher."""

from pydantic import Field

from services.runtime.fenced_log.world import QUEUED_MAX
from services.runtime.settings import ProcessSettings


class DispatcherSettings(ProcessSettings):
    """What a dispatcher needs to know."""

    slots: int = Field(ge=1, le=64, description="Dispatcher slots of the stack.")
    owner_silence_ms: int = Field(
        default=3_000, ge=1_000, description="Silence after which an owner is taken for dead."
    )
    inputs_queued_max: int = Field(
        default=QUEUED_MAX, ge=1, description="Inputs that may wait in this process."
    )
    contacts_waiting_max: int = Field(
        default=20_000, ge=1, description="Contacts that may wait for a caller in one partition."
    )
