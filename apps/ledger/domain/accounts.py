"""The words of the chart of accounts."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """Debit or credit. Amounts are positive; the side says which way."""

    DEBIT = "debit"
    CREDIT = "credit"

    @property
    def letter(self) -> str:
        """How the books store it: D or C."""
        return self.value[0].upper()

    @property
    def sign(self) -> int:
        """+1 for debit, -1 for credit: debits minus credits is the books' own direction."""
        return 1 if self is Side.DEBIT else -1

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.CREDIT if self is Side.DEBIT else Side.DEBIT

    @classmethod
    def of_letter(cls, letter: str) -> Side:
        """Back from ``letter``."""
        return cls.DEBIT if letter == "D" else cls.CREDIT


class AccountClass(StrEnum):
    """What an account stands for. The class fixes its normal side, on which it is positive."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"
    MEMO = "memo"  # counted, not owned: outside balance sheet and income statement

    @property
    def normal_side(self) -> Side:
        """The side that makes an account of this class grow."""
        if self in (AccountClass.ASSET, AccountClass.EXPENSE, AccountClass.MEMO):
            return Side.DEBIT
        return Side.CREDIT


class BalanceMode(StrEnum):
    """How the balance of an account is kept. Every mode is read exactly."""

    SYNCHRONOUS = "synchronous"  # each posting updates the balance row under its lock
    SHARDED = "sharded"  # postings draw on one of several parts of the room its limits leave
    DEFERRED = "deferred"  # postings touch no shared row and are folded in later: no limits


class AccountStatus(StrEnum):
    """What an account still takes."""

    OPEN = "open"
    FROZEN_DEBIT = "frozen_debit"  # refuses debits
    FROZEN_CREDIT = "frozen_credit"  # refuses credits
    FROZEN = "frozen"
    CLOSED = "closed"
