"""Settings of the dispatcher."""

from pydantic import Field

from services.runtime.settings import ProcessSettings


class DispatcherSettings(ProcessSettings):
    """What a dispatcher needs to know."""

    slots: int = Field(ge=1, le=64, description="Dispatcher slots of the stack.")
    owner_silence_ms: int = Field(
        default=3_000, ge=1_000, description="Silence after which an owner is taken for dead."
    )
