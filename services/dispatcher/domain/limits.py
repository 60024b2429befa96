"""How long each state may last (DESIGN's table of limits); milliseconds unless said otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Settings of the rules; what a campaign or policy decides comes with the policy."""

    lease_ms: int = 20_000
    """OFFERED: then the contact goes back to its place and the caller's miss is counted."""
    dial_window_ms: int = 15_000
    """CONFIRMED and not unsealed: then `never_dialled`."""
    late_look_ms: int = 1_000
    """Commands must be read this far behind `dial_by` before `never_dialled` (rule 4.5)."""
    desk_silence_ms: int = 30_000
    """A desk without its gateway stops showing a number after this."""
    call_ms: int = 3_600_000
    """ON_CALL: then `interrupted`."""
    gone_grace_ms: int = 90_000
    """ON_CALL with a session that is gone: then `interrupted`."""
    suspect_ms: int = 10_000
    """SUSPECT: then GONE."""
    gateway_silence_ms: int = 5_000
    """A gateway that says nothing for this long is lost."""
    presence_ask_again_ms: int = 5_000
    """A gateway that was asked which streams it has is not asked again before."""
    presence_unsure_ms: int = 10_000
    """A gateway whose digest could not be compared for this long is asked (rule 4.7)."""
    pause_ms: int = 3_600_000
    """PAUSED by the caller: then DRAINING."""
    not_answering_ms: int = 900_000
    """PAUSED for missed offers: then DRAINING."""
    map_wait_ms: int = 10_000
    """A contact ruled under a map that is not applied here yet: then returned (rule 4.2)."""
    forget_ms: int = 60_000
    """A withdrawal is kept until every rulings partition is read this far behind it (rule 4.4)."""
    misses_of_caller_max: int = 2
    """Missed offers in a row that pause a caller."""
    misses_of_contact_max: int = 3
    """Missed offers that return a contact."""
    waiting_max: int = 20_000
    """Contacts that may wait in a partition; more wait in the log, and the router is told."""
    nonces_kept: int = 4
    """Earlier stream bindings that a session remembers (rule 4.6)."""

    @property
    def time_to_dial_ms(self) -> int:
        """What must be left before T when an offer is made."""
        return self.lease_ms + self.dial_window_ms

    @property
    def silence_after_confirm_ms(self) -> int:
        """How long after `dial_by` a first call could still go on (rule 4.5)."""
        return self.desk_silence_ms + self.call_ms
