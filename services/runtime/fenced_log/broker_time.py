"""Broker time of one partition (rules 2.1, 2.4): the same for every owner, whatever its clock."""

GUESS_LIMIT_MS = 1_000
"""How far time may run ahead of the last proof that the broker answers."""
SLEW = 16
"""Time runs a sixteenth slower than it passes until a clock that was stepped back has caught up."""


class BrokerTime:
    """What the newest record of the own log says, plus monotonic time since. Never falls.

    A record says when it was appended. Its writer's time, `at`, is never later than that: where it
    is, the broker's clock was stepped back meanwhile, and time goes on from `at`.
    """

    def __init__(self) -> None:
        self._anchor_ms = 0
        self._anchor_mono_ms = 0
        self._now_ms = 0
        self._ahead_ms = 0
        """How far time here is ahead of the broker's clock; 0 unless that was stepped back."""

    def observe(self, appended_at_ms: int, at_ms: int, mono_ms: int) -> None:
        """Note a record of the own log.

        Args:
            appended_at_ms: Append time, by the broker's clock.
            at_ms: Its writer's broker time, from its header.
            mono_ms: When it was read, monotonic.
        """
        expected_ms = self.at_ms(mono_ms)
        if appended_at_ms >= at_ms:
            self._anchor_ms, self._anchor_mono_ms = appended_at_ms, mono_ms
            self._ahead_ms = 0
            return
        # Whoever read on knows how much has gone by; whoever starts has the writer's word.
        if not self._ahead_ms or at_ms > expected_ms:
            self._anchor_ms, self._anchor_mono_ms = max(expected_ms, at_ms), mono_ms
        self._ahead_ms = self.at_ms(mono_ms) - appended_at_ms

    def now_ms(self, mono_ms: int, answered_mono_ms: int) -> int:
        """Return broker time, milliseconds since the Unix epoch; 0 before the first record.

        Args:
            mono_ms: Now, monotonic.
            answered_mono_ms: When the last question that the leaders of commands and of the own
                log answered was asked; time stands still a second after it.
        """
        guess = self.at_ms(min(mono_ms, answered_mono_ms + GUESS_LIMIT_MS))
        self._now_ms = max(self._now_ms, guess)
        return self._now_ms

    def age_ms(self, now_ms: int, appended_at_ms: int) -> int:
        """Return how long before `now_ms` a record was appended.

        A broker's clock that was stepped back stamps records with times that are over: what it
        stamps now is not old, though time here goes on from where it was.
        """
        return now_ms - self._ahead_ms - appended_at_ms

    def stamp_ms(self, mono_ms: int) -> int:
        """Return what a record would be stamped with that was appended at a monotonic moment."""
        return self.at_ms(mono_ms) - self._ahead_ms

    def at_ms(self, mono_ms: int) -> int:
        """Return the broker time of a monotonic moment, without moving anything."""
        if self._anchor_ms == 0:
            return 0
        # A record was appended before it was read: this is never later than the truth.
        passed_ms = mono_ms - self._anchor_mono_ms
        slewed_ms = max(0, passed_ms) // SLEW if self._ahead_ms else 0
        return self._anchor_ms + passed_ms - slewed_ms
