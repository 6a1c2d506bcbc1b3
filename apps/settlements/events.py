"""What settlements tells the rest of the world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from apps.platform.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSubmitted:
    """A batch waits for approval; ``digest`` seals its lines."""

    name: ClassVar[str] = "settlements.batch_submitted"
    version: ClassVar[int] = 1

    batch_id: str
    reference: str
    lines: int
    total: Money
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDecided:
    """A person approved, sent back or rejected a batch."""

    name: ClassVar[str] = "settlements.batch_decided"
    version: ClassVar[int] = 1

    batch_id: str
    reference: str
    decision: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReleased:
    """The money of an approved batch is reserved and on its way."""

    name: ClassVar[str] = "settlements.batch_released"
    version: ClassVar[int] = 1

    batch_id: str
    reference: str
    lines: int
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DisbursementPaid:
    """A payee has the money, proved by the provider's reference."""

    name: ClassVar[str] = "settlements.disbursement_paid"
    version: ClassVar[int] = 1

    disbursement_id: str
    reference: str
    payee: str
    amount: Money
    provider_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisbursementFailed:
    """The provider definitely did not pay; the amount is owed to the payee again."""

    name: ClassVar[str] = "settlements.disbursement_failed"
    version: ClassVar[int] = 1

    disbursement_id: str
    reference: str
    payee: str
    amount: Money
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeDetailsWritten:
    """A payee has new payout details. Money goes there once verified and cooled."""

    name: ClassVar[str] = "settlements.payee_details_written"
    version: ClassVar[int] = 1

    payee_id: str
    reference: str
    details_version: int
    rail: str
    cools_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeDetailsDecided:
    """A second person verified, rejected or lifted a version of payout details."""

    name: ClassVar[str] = "settlements.payee_details_decided"
    version: ClassVar[int] = 1

    payee_id: str
    reference: str
    details_version: int
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementImported:
    """A statement's lines are in the books of record and matched as far as certain."""

    name: ClassVar[str] = "settlements.statement_imported"
    version: ClassVar[int] = 1

    statement_id: str
    provider_account: str
    lines: int
    matched: int
    breaks: int
    closing: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakOpened:
    """A difference waits for a person."""

    name: ClassVar[str] = "settlements.break_opened"
    version: ClassVar[int] = 1

    break_id: str
    kind: str
    amount: Money
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakResolved:
    """A difference is explained."""

    name: ClassVar[str] = "settlements.break_resolved"
    version: ClassVar[int] = 1

    break_id: str
    kind: str
    resolution: str
