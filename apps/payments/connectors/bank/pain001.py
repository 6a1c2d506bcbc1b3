"""pain.001.001.03 and .09 out: one batch of credit transfers in one currency, streamed.

The totals stand at the head of the message, so they are given beforehand, as approved, and proved
while the payments go by. After any refusal what was written is worthless: throw it away.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import BinaryIO, Literal
from uuid import UUID
from xml.sax.saxutils import escape

from apps.payments.connectors.bank.errors import BatchTotalsDiffer, UnwritablePayment
from apps.platform import ibans
from apps.platform.currencies import CURRENCIES

Version = Literal["03", "09"]
#: What every bank takes (European Payments Council, "SEPA requirements for an extended character
#: set", the basic Latin set).
LATIN = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*")
#: For banks that take any letter: all but control characters.
UNICODE = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]*")
BATCH = "batch"
AMOUNT_MAX = 10**18 - 1  # eighteen digits of a major and minor amount together
WRITE_SIZE = 65_536
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?")
_SERVICE = re.compile(r"[A-Z0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class Account:
    """An IBAN where there is one; else the account number alone (Kenya has no IBAN)."""

    iban: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """A bank by BIC, or by its number in a national clearing; neither is "not provided"."""

    bic: str = ""
    clearing_member: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTransfer:
    """One payment. ``end_to_end`` comes back on every status and statement: it is our key."""

    end_to_end: str
    instruction: str = ""
    uetr: UUID | None = None
    amount_minor: int
    creditor: str
    account: Account
    agent: Agent = Agent()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentBatch:
    """What all payments of a file share, and the totals that were approved."""

    message: str
    batch: str
    created_at: datetime
    execution_date: date
    debtor: str
    account: Account
    agent: Agent
    currency: str
    approved_count: int
    approved_minor: int
    service_level: str = "NURG"
    charges: Literal["DEBT", "CRED", "SHAR", "SLEV"] = "SHAR"
    is_booked_as_one: bool = False
    letters: re.Pattern[str] = LATIN


def latin(text: str) -> str:
    """The text without accents, for a bank that takes only the basic Latin set."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def write(
    out: BinaryIO,
    batch: PaymentBatch,
    payments: Iterable[CreditTransfer],
    version: Version = "09",
) -> None:
    """Write the message; ``UnwritablePayment`` or ``BatchTotalsDiffer`` if it may not be sent.

    Takes memory only for the end-to-end references, which must not occur twice.
    """
    buffer: list[str] = []
    size = 0
    for text in _document(batch, payments, version):
        buffer.append(text)
        size += len(text)
        if size > WRITE_SIZE:
            out.write("".join(buffer).encode())
            buffer.clear()
            size = 0
    out.write("".join(buffer).encode())


def _document(
    batch: PaymentBatch, payments: Iterable[CreditTransfer], version: Version
) -> Iterator[str]:
    writer = _Writer(batch, version)
    yield writer.head()
    seen: set[str] = set()
    total = 0
    for payment in payments:
        if payment.end_to_end in seen:
            raise UnwritablePayment(
                payment=payment.end_to_end, field="end_to_end", reason="occurs twice"
            )
        yield writer.transfer(payment)
        seen.add(payment.end_to_end)
        total += payment.amount_minor
    if (len(seen), total) != (batch.approved_count, batch.approved_minor):
        raise BatchTotalsDiffer(
            approved_count=batch.approved_count,
            approved_minor=batch.approved_minor,
            written_count=len(seen),
            written_minor=total,
        )
    yield "</PmtInf></CstmrCdtTrfInitn></Document>\n"


class _Writer:
    """Fields into text, each checked as it is written."""

    def __init__(self, batch: PaymentBatch, version: Version) -> None:
        self._batch = batch
        self._version = version
        self._bic = "BICFI" if version == "09" else "BIC"
        self._payment = BATCH
        known = CURRENCIES.get(batch.currency)
        if known is None:
            raise self._refusal("currency", "not an ISO 4217 currency")
        self._exponent = known.exponent

    def head(self) -> str:
        batch = self._batch
        if batch.created_at.tzinfo is None:
            raise self._refusal("created_at", "has no zone")
        if batch.approved_count < 1 or not _SERVICE.fullmatch(batch.service_level):
            raise self._refusal("batch", "no payments, or no service level code")
        created = batch.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        totals = (
            f"<NbOfTxs>{batch.approved_count}</NbOfTxs>"
            f"<CtrlSum>{self._amount(batch.approved_minor, 'approved_minor')}</CtrlSum>"
        )
        debtor = self._text("debtor", batch.debtor, 140)
        day = batch.execution_date.isoformat()
        execution = f"<Dt>{day}</Dt>" if self._version == "09" else day
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.{self._version}">'
            f"<CstmrCdtTrfInitn><GrpHdr><MsgId>{self._key('message', batch.message)}</MsgId>"
            f"<CreDtTm>{created}</CreDtTm>{totals}<InitgPty><Nm>{debtor}</Nm></InitgPty></GrpHdr>"
            f"<PmtInf><PmtInfId>{self._key('batch', batch.batch)}</PmtInfId><PmtMtd>TRF</PmtMtd>"
            f"<BtchBookg>{'true' if batch.is_booked_as_one else 'false'}</BtchBookg>{totals}"
            f"<PmtTpInf><SvcLvl><Cd>{batch.service_level}</Cd></SvcLvl></PmtTpInf>"
            f"<ReqdExctnDt>{execution}</ReqdExctnDt><Dbtr><Nm>{debtor}</Nm></Dbtr>"
            f"<DbtrAcct>{self._account(batch.account, batch.currency)}</DbtrAcct>"
            f"<DbtrAgt>{self._agent(batch.agent)}</DbtrAgt><ChrgBr>{batch.charges}</ChrgBr>"
        )

    def transfer(self, payment: CreditTransfer) -> str:
        self._payment = payment.end_to_end or "(no reference)"
        return (
            f"<CdtTrfTxInf><PmtId>{self._identifiers(payment)}</PmtId><Amt>"
            f'<InstdAmt Ccy="{self._batch.currency}">'
            f"{self._amount(payment.amount_minor, 'amount_minor')}</InstdAmt></Amt>"
            f"{self._creditor_agent(payment.agent)}"
            f"<Cdtr><Nm>{self._text('creditor', payment.creditor, 140)}</Nm></Cdtr>"
            f"<CdtrAcct>{self._account(payment.account)}</CdtrAcct>"
            f"{self._remittance(payment.text)}</CdtTrfTxInf>"
        )

    def _identifiers(self, payment: CreditTransfer) -> str:
        parts = []
        if payment.instruction:
            parts.append(f"<InstrId>{self._key('instruction', payment.instruction)}</InstrId>")
        parts.append(f"<EndToEndId>{self._key('end_to_end', payment.end_to_end)}</EndToEndId>")
        if payment.uetr is not None and self._version == "09":
            if payment.uetr.version != 4:  # noqa: PLR2004  ISO asks for version 4 (UUIDv4Identifier)
                raise self._refusal("uetr", "not a UUID of version 4")
            parts.append(f"<UETR>{payment.uetr}</UETR>")
        return "".join(parts)

    def _creditor_agent(self, agent: Agent) -> str:
        if not agent.bic and not agent.clearing_member:
            return ""
        return f"<CdtrAgt>{self._agent(agent)}</CdtrAgt>"

    def _remittance(self, text: str) -> str:
        return f"<RmtInf><Ustrd>{self._text('text', text, 140)}</Ustrd></RmtInf>" if text else ""

    def _account(self, account: Account, currency: str = "") -> str:
        if account.iban:
            if not is_iban(account.iban):
                raise self._refusal("account.iban", "not an IBAN")
            identified = f"<IBAN>{account.iban}</IBAN>"
        else:
            other = self._text("account.other", account.other, 34)
            identified = f"<Othr><Id>{other}</Id></Othr>"
        return f"<Id>{identified}</Id>" + (f"<Ccy>{currency}</Ccy>" if currency else "")

    def _agent(self, agent: Agent) -> str:
        if agent.bic:
            if not is_bic(agent.bic):
                raise self._refusal("agent.bic", "not a BIC")
            identified = f"<{self._bic}>{agent.bic}</{self._bic}>"
        elif agent.clearing_member:
            member = self._text("agent.clearing_member", agent.clearing_member, 35)
            identified = f"<ClrSysMmbId><MmbId>{member}</MmbId></ClrSysMmbId>"
        else:
            identified = "<Othr><Id>NOTPROVIDED</Id></Othr>"
        return f"<FinInstnId>{identified}</FinInstnId>"

    def _amount(self, minor: int, field: str) -> str:
        if type(minor) is not int or not 0 < minor <= AMOUNT_MAX:
            raise self._refusal(field, "not a positive whole number of minor units in 18 digits")
        if not self._exponent:
            return str(minor)
        whole, part = divmod(minor, 10**self._exponent)
        return f"{whole}.{part:0{self._exponent}d}"

    def _key(self, field: str, text: str) -> str:
        """Identifications are plain Latin for every bank, and slashes are read as commands."""
        if not LATIN.fullmatch(text) or "//" in text or text[:1] == "/" or text[-1:] == "/":
            raise self._refusal(field, "an identification needs plain letters, no slash at an end")
        return self._text(field, text, 35)

    def _text(self, field: str, text: str, longest: int) -> str:
        if not text or text != text.strip() or len(text) > longest:
            raise self._refusal(field, f"not 1 to {longest} characters without blanks at the ends")
        if not self._batch.letters.fullmatch(text):
            raise self._refusal(field, "characters the bank does not take")
        return escape(text)

    def _refusal(self, field: str, reason: str) -> UnwritablePayment:
        return UnwritablePayment(payment=self._payment, field=field, reason=reason)


def is_iban(text: str) -> bool:
    """ISO 13616: the form as a bank takes it, and the check digits (ISO 7064 modulo 97)."""
    return _IBAN.fullmatch(text) is not None and ibans.is_iban(text)


def is_bic(text: str) -> bool:
    """ISO 9362: the form."""
    return bool(_BIC.fullmatch(text))
