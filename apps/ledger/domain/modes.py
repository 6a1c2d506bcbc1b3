"""How the balance of an account is kept, and which way suits one that many wait for."""

from __future__ import annotations

from dataclasses import dataclass

from apps.ledger.domain.accounts import BalanceMode

#: Below this many waiting on average there is nothing to gain.
WAITING_MIN = 0.2
#: Above this many, letting go early no longer suffices.
WAITING_MANY = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """A mode, and whether a posting lets go of the account before its commit is on the disk."""

    mode: BalanceMode = BalanceMode.SYNCHRONOUS
    releases_early: bool = False

    def __str__(self) -> str:
        return f"{self.mode}, released early" if self.releases_early else str(self.mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligations:
    """What an account must keep at every moment, and so which modes it can have."""

    has_limits: bool
    has_holds: bool
    is_watched: bool

    def obstacle(self, mode: BalanceMode) -> str:
        """Why the account cannot be kept that way; empty if it can."""
        if mode == BalanceMode.SYNCHRONOUS:
            return ""
        if self.is_watched:
            return "watched"
        if mode == BalanceMode.DEFERRED and self.has_limits:
            return "limits"
        if mode == BalanceMode.SHARDED and self.has_holds:
            return "holds"
        return ""


def advised(now: Keeping, obligations: Obligations, waiting: float) -> Keeping | None:
    """A better way to keep an account for which that many wait on average; nothing if it is well.

    The mildest that helps: letting go early changes nothing that anybody can see. Deferred before
    sharded, because it locks nothing; limits need shards. What must be watched at every posting can
    only be let go of early.
    """
    if waiting < WAITING_MIN or now.mode == BalanceMode.DEFERRED:
        return None
    early = Keeping(mode=now.mode, releases_early=True)
    if waiting < WAITING_MANY and not now.releases_early:
        return early
    for mode in (BalanceMode.DEFERRED, BalanceMode.SHARDED):
        if mode != now.mode and not obligations.obstacle(mode):
            return Keeping(mode=mode)
    return None if now.releases_early else early
