"""Which stored callbacks are meant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.payments.domain.states import CallbackState

#: What may be processed again.
REPLAYABLE = (CallbackState.DEAD, CallbackState.QUARANTINED)


@dataclass(frozen=True, slots=True)
class CallbackFilter:
    """Empty fields mean all. ``provider_account`` is a label, the times are of reception."""

    state: str = ""
    provider_account: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
