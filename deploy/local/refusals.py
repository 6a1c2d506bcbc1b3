"""What the local stack refuses. The text is shown to the person at the terminal, as it is."""

from __future__ import annotations


class Refused(Exception):
    """Something on this machine stands in the way; the message says what to do about it."""


class Interrupted(Exception):
    """The person, or the machine, asked us to stop."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.signal_number = signal_number
