"""Broker time of one partition (rules 2.1, 2.4): the same for every owner, whatever its clock."""

GUESS_LIMIT_MS = 1_000
"""How far time may run ahead of the last proof that the broker answers."""


class BrokerTime:
    """Append time of the newest record read back, plus monotonic time since. Never falls."""

    def __init__(self) -> None:
        self._appended_ms = 0
        self._read_mono_ms = 0
        self._now_ms = 0
        self._stepped_back_ms = 0

    def observe(self, appended_at_ms: int, mono_ms: int) -> None:
        """Note a record of the own log that was read at `mono_ms`."""
        expected_ms = self.at_ms(mono_ms)
        if appended_at_ms >= self._appended_ms:
            self._appended_ms = appended_at_ms
            self._read_mono_ms = mono_ms
            self._stepped_back_ms = 0
        else:
            self._stepped_back_ms = expected_ms - appended_at_ms

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
        return now_ms - self._stepped_back_ms - appended_at_ms

    def at_ms(self, mono_ms: int) -> int:
        """Return the broker time of a monotonic moment, without moving anything."""
        if self._appended_ms == 0:
            return 0
        # A record was appended before it was read: this is never later than the truth.
        return self._appended_ms + mono_ms - self._read_mono_ms
