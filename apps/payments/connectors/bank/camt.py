"""camt.052, camt.053 and camt.054 in every version from 02 on: reports, statements, notifications.

The versions move and rename elements within what we read only at a few places; those are tried in
turn. Balances stand before entries, so a statement is proved while it streams by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import BinaryIO

from apps.payments.connectors.bank import reading, xml
from apps.payments.connectors.bank.reading import DEFAULT, Limits, Place
from apps.payments.connectors.bank.xml import Begun, Ended, Node
from apps.payments.domain.bank_statements import (
    BatchInfo,
    Detail,
    Entry,
    EntryStatus,
    Header,
    Part,
    Party,
    References,
    Side,
    Tally,
)

MESSAGES = {
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
}
STATEMENTS = frozenset({"Stmt", "Rpt", "Ntfctn"})
#: Opening: of the day, or the closing of the day before, or of the part of a day.
OPENING = ("OPBD", "PRCD", "ITBD_FIRST")
CLOSING = ("CLBD", "ITBD")
_SIDES = {"CRDT": Side.CREDIT, "DBIT": Side.DEBIT}
_STATUSES = {
    "BOOK": EntryStatus.BOOKED,
    "PDNG": EntryStatus.PENDING,
    "FUTR": EntryStatus.PENDING,
    "INFO": EntryStatus.INFORMATION,
}
_NONE = Node("", {})
_UNTOLD = ("NOTPROVIDED", "NOT PROVIDED", "NONREF")


def read(stream: BinaryIO, limits: Limits = DEFAULT) -> Iterator[Part]:
    """The parts of every statement in the file; ``UnreadableFile`` and nothing else."""
    place = Place("camt")
    reader: _Statement | None = None
    count = 0
    containers = STATEMENTS | MESSAGES.keys()
    for piece in xml.pieces(stream, place, limits, containers, frozenset({"TxDtls"})):
        if isinstance(piece, Begun):
            if piece.name in MESSAGES:
                place.format = MESSAGES[piece.name]
            elif place.format == "camt":
                raise place.refusal("a statement outside a camt message")
            else:
                count += 1
                reader = _Statement(place, limits, count)
        elif reader is not None and isinstance(piece, Node):
            yield from reader.take(piece)
        elif reader is not None and isinstance(piece, Ended) and piece.name in STATEMENTS:
            yield from reader.end()
            reader = None
    place.what = "file"
    if place.format == "camt":
        raise place.refusal("no camt.052, camt.053 or camt.054 message in it")


@dataclass(slots=True)
class _Statement:
    place: Place
    limits: Limits
    index: int
    reference: str = ""
    number: str = ""
    account: str = ""
    currency: str = ""
    balances: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    details: list[Detail] = field(default_factory=list)
    seen: int = 0
    is_begun: bool = False

    def take(self, node: Node) -> Iterator[Part]:
        self.place.what = f"statement {self.index}, {node.name}"
        if node.name == "TxDtls":
            self._count()
            self.place.what = f"statement {self.index}, entry {self.tally.count + 1}"
            self.details.append(_detail(node, self.place))
        elif node.name == "Ntry":
            self._count()
            yield from self._begin()
            self.place.what = f"statement {self.index}, entry {self.tally.count + 1}"
            yield self.tally.add(self._entry(node))
        elif not self.is_begun:
            self._about(node)

    def end(self) -> Iterator[Part]:
        yield from self._begin()
        yield self.tally.footer()

    def _count(self) -> None:
        self.seen += 1
        if self.seen > self.limits.entries:
            raise self.place.refusal(f"more than {self.limits.entries} entries")

    def _about(self, node: Node) -> None:
        if node.name == "Id":
            self.reference = node.text.strip()
        elif node.name in ("ElctrncSeqNb", "LglSeqNb"):
            self.number = self.number or node.text.strip()
        elif node.name == "Acct":
            self.account = _account(node)
            self.currency = node.value("Ccy")
        elif node.name == "Bal":
            self._balance(node)

    def _balance(self, node: Node) -> None:
        kind = node.value("Tp", "CdOrPrtry", "Cd")
        minor, currency = _amount(node, self.place)
        self.currency = self.currency or currency
        if currency != self.currency:
            return  # a balance told again in another currency
        signed = minor * _side(node, self.place).sign
        if kind == "ITBD" and "ITBD" in self.balances:
            self.balances.setdefault("ITBD_FIRST", self.balances["ITBD"])
        self.balances[kind] = signed

    def _begin(self) -> Iterator[Part]:
        if self.is_begun:
            return
        self.is_begun = True
        if not self.account:
            raise self.place.refusal("no account")
        known = self.balances
        self.tally.opening_minor = next((known[kind] for kind in OPENING if kind in known), None)
        self.tally.closing_minor = next((known[kind] for kind in CLOSING if kind in known), None)
        yield Header(
            format=self.place.format,
            account=self.account,
            currency=self.currency,
            reference=self.reference,
            number=self.number,
            opening_minor=self.tally.opening_minor,
            is_intraday=self.place.format != "camt.053",
        )

    def _entry(self, node: Node) -> Entry:
        minor, currency = _amount(node, self.place)
        self.currency = self.currency or currency
        if currency != self.currency:
            raise self.place.refusal(f"in {currency}, on an account in {self.currency}")
        details, self.details = tuple(self.details), []
        single = details[0] if len(details) == 1 else Detail()
        own = References(bank=node.value("AcctSvcrRef"))
        references = single.references if single.references.bank else _with_bank(single, own.bank)
        booked, moment = _date(node.first("BookgDt"), self.place)
        return Entry(
            number=self.tally.count + 1,
            amount_minor=minor,
            currency=currency,
            side=_side(node, self.place),
            status=_status(node, self.place),
            booking_date=booked,
            booked_at=moment,
            value_date=_date(node.first("ValDt"), self.place)[0],
            references=references,
            counterparty=single.counterparty,
            text=single.text or node.value("AddtlNtryInf"),
            code=_code(node),
            is_reversal=node.value("RvslInd") in ("true", "1"),
            batch=_batch(node, len(details)),
            details=details,
        )


def _with_bank(detail: Detail, bank: str) -> References:
    told = detail.references
    return References(
        told.end_to_end, told.instruction, told.message, told.batch, bank, told.others
    )


def _detail(node: Node, place: Place) -> Detail:
    amount = node.first("Amt") or node.first("AmtDtls", "TxAmt", "Amt")
    minor, currency = (None, "") if amount is None else _money(amount, place)
    indicator = node.value("CdtDbtInd")
    refs = node.first("Refs") or _NONE
    return Detail(
        amount_minor=minor,
        currency=currency,
        side=_side(node, place) if indicator else None,
        references=References(
            end_to_end=_told(refs.value("EndToEndId")),
            instruction=_told(refs.value("InstrId")),
            message=_told(refs.value("MsgId")),
            batch=_told(refs.value("PmtInfId")),
            bank=refs.value("AcctSvcrRef") or refs.value("TxId"),
            others=tuple((other.value("Tp"), other.value("Ref")) for other in refs.all("Prtry")),
        ),
        counterparty=_counterparty(node.first("RltdPties") or _NONE, indicator),
        text=_text(node),
        return_reason=node.value("RtrInf", "Rsn", "Cd"),
    )


def _told(reference: str) -> str:
    return "" if reference.upper() in _UNTOLD else reference


def _text(node: Node) -> str:
    remittance = node.first("RmtInf") or _NONE
    told = [part.text.strip() for part in remittance.all("Ustrd")]
    told += [part.value("CdtrRefInf", "Ref") for part in remittance.all("Strd")]
    return " ".join(part for part in told if part) or node.value("AddtlTxInf")


def _counterparty(parties: Node, indicator: str) -> Party:
    """The debtor of what came in, the creditor of what went out; whoever is named if only one."""
    order = ("Cdtr", "Dbtr") if indicator == "DBIT" else ("Dbtr", "Cdtr")
    for role in order:
        name = parties.value(role, "Pty", "Nm") or parties.value(role, "Nm")
        account = _account(parties.first(f"{role}Acct") or _NONE)
        if name or account:
            return Party(name, account)
    return Party()


def _account(node: Node) -> str:
    return (
        node.value("Id", "IBAN") or node.value("Id", "Othr", "Id") or node.value("Prxy", "Id")
    ).replace(" ", "")


def _batch(node: Node, details: int) -> BatchInfo | None:
    found = node.first("NtryDtls", "Btch")
    if found is None:
        return BatchInfo("", "", details) if details > 1 else None
    count = found.value("NbOfTxs")
    is_count = count.isascii() and count.isdigit() and len(count) <= 15  # noqa: PLR2004  Max15NumericText
    return BatchInfo(
        found.value("MsgId"), found.value("PmtInfId"), int(count) if is_count else details
    )


def _code(node: Node) -> str:
    """``PMNT/ICDT/ESCT``, or the bank's own code."""
    code = node.first("BkTxCd") or _NONE
    parts = (
        code.value("Domn", "Cd"),
        code.value("Domn", "Fmly", "Cd"),
        code.value("Domn", "Fmly", "SubFmlyCd"),
    )
    return "/".join(parts) if parts[0] else code.value("Prtry", "Cd")


def _status(node: Node, place: Place) -> EntryStatus:
    told = node.value("Sts", "Cd") or node.value("Sts")
    status = _STATUSES.get(told)
    if status is None:
        raise place.refusal(f"{told!r} is no status of an entry")
    return status


def _side(node: Node, place: Place) -> Side:
    side = _SIDES.get(node.value("CdtDbtInd"))
    if side is None:
        raise place.refusal("neither credit nor debit")
    return side


def _amount(node: Node, place: Place) -> tuple[int, str]:
    amount = node.first("Amt")
    if amount is None:
        raise place.refusal("no amount")
    return _money(amount, place)


def _money(amount: Node, place: Place) -> tuple[int, str]:
    currency = amount.attributes.get("Ccy", "")
    return reading.minor_units(amount.text.strip(), currency, place), currency


def _date(node: Node | None, place: Place) -> tuple[date | None, datetime | None]:
    """The day as the bank wrote it; the moment too if it told one."""
    if node is None:
        return None, None
    if told := node.value("DtTm"):
        moment = reading.iso_moment(told, place)
        return moment.date(), moment
    return reading.iso_day(node.value("Dt"), place), None
