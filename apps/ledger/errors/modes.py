"""What is refused about how an account is kept."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class ModeNotPossible(DomainError):
    """The account has something to keep that this mode cannot keep.

    ``obstacle`` is ``header`` (it takes no postings), ``limits`` (a deferred account has no floor
    or ceiling), ``holds`` (a sharded account has none open) or ``watched`` (limits by time and
    monitors look at each posting).
    """

    code = "ledger/mode-not-possible"
    kind = Kind.CONFLICT
    advice = "Choose another mode, or remove what stands in the way first."

    account: str
    mode: str
    obstacle: str
