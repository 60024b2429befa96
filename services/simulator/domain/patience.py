"""How long a caller goes on with what, and waits for what; in milliseconds if not said."""

import math

NEVER = math.inf
ANSWER_MS = 5_000.0
"""An unanswered sign-in or outcome is sent again after this."""
AGAIN_MS = 1_000.0
"""A refused one after this."""
STUCK_MS = 60_000.0
"""An accepted offer without number or end by then means that promise 3 is broken."""
HURRIED_MS = 500.0
"""An offer that was to be missed is answered within this once the load is over."""
UNDISTURBED_S = 3.0
"""Seconds after the load until calls that go on are hurried; less once all is measured."""
CLOSING_PACE = 0.2
"""Share of its length that a call takes once the load is over."""
