"""Open one door to the desks: sign in, offers, numbers, outcomes."""
