"""What the person at the terminal sees: a line for every step, with its time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Voice:
    """Speaks on standard error, so that standard output stays the program's own."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.born = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.born

    def say(self, text: str) -> None:
        """Something the person should know in any case."""
        print(text, file=sys.stderr, flush=True)

    def done(self, what: str, seconds: float) -> None:
        """A step that has been taken."""
        if not self.quiet:
            self.say(f"  {what:<58}{seconds:7.2f} s")

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Time a step and report it once it has succeeded."""
        start = time.monotonic()
        yield
        self.done(what, time.monotonic() - start)
