"""A statement of one of our own accounts as ISO 20022 camt.053.001.08.

Seen from the account: what raises its balance on its normal side is a credit (``CRDT``), as a bank
says it to its customer. Elements stand in the order the schema demands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from apps.platform.money import Money

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
#: Letters that XML 1.0 has no way to write.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ID_MAX, _NAME_MAX, _TEXT_MAX = 35, 70, 140


@dataclass(frozen=True, slots=True, kw_only=True)
class CamtLine:
    """One movement: positive raises the balance."""

    reference: str
    effect: Money
    booked_at: datetime
    value_date: date
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CamtStatement:
    """All that a statement says. Balances are on the account's normal side."""

    account: str
    name: str
    starts: date
    ends: date
    opening: Money
    closing: Money
    lines: Sequence[CamtLine]
    made_at: datetime


def camt053_document(drawn: CamtStatement) -> bytes:
    """The whole file, UTF-8."""
    root = Element("Document", xmlns=NAMESPACE)
    message = SubElement(root, "BkToCstmrStmt")
    identity = f"{drawn.account}-{drawn.starts:%Y%m%d}-{drawn.ends:%Y%m%d}"[-_ID_MAX:]
    header = SubElement(message, "GrpHdr")
    _text(header, "MsgId", identity)
    _text(header, "CreDtTm", drawn.made_at.isoformat())
    body = SubElement(message, "Stmt")
    _text(body, "Id", identity)
    _text(body, "CreDtTm", drawn.made_at.isoformat())
    span = SubElement(body, "FrToDt")
    _text(span, "FrDtTm", f"{drawn.starts}T00:00:00")
    _text(span, "ToDtTm", f"{drawn.ends}T23:59:59")
    account = SubElement(body, "Acct")
    _text(account, "Id/Othr/Id", drawn.account[-_ID_MAX:])
    _text(account, "Ccy", drawn.opening.currency)
    _text(account, "Nm", drawn.name[:_NAME_MAX])
    _balance(body, "OPBD", drawn.opening, drawn.starts)
    _balance(body, "CLBD", drawn.closing, drawn.ends)
    for line in drawn.lines:
        _entry(body, line)
    document: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return document


def _balance(parent: Element, code: str, held: Money, day: date) -> None:
    balance = SubElement(parent, "Bal")
    _text(balance, "Tp/CdOrPrtry/Cd", code)
    _signed(balance, held)
    _text(balance, "Dt/Dt", day.isoformat())


def _entry(parent: Element, line: CamtLine) -> None:
    entry = SubElement(parent, "Ntry")
    _signed(entry, line.effect)
    _text(entry, "Sts/Cd", "BOOK")
    _text(entry, "BookgDt/DtTm", line.booked_at.isoformat())
    _text(entry, "ValDt/Dt", line.value_date.isoformat())
    _text(entry, "AcctSvcrRef", line.reference)
    _text(entry, "BkTxCd/Prtry/Cd", "ENTRY")
    details = SubElement(SubElement(entry, "NtryDtls"), "TxDtls")
    references = SubElement(details, "Refs")
    _text(references, "AcctSvcrRef", line.reference)
    _text(references, "EndToEndId", "NOTPROVIDED")
    _signed(details, line.effect)
    _text(details, "RmtInf/Ustrd", line.text[:_TEXT_MAX])


def _signed(parent: Element, amount: Money) -> None:
    _text(parent, "Amt", f"{abs(amount).major:f}").set("Ccy", amount.currency)
    _text(parent, "CdtDbtInd", "DBIT" if amount.minor < 0 else "CRDT")


def _text(parent: Element, path: str, text: str) -> Element:
    """Add the elements of ``path`` one inside the other, the last one holding ``text``."""
    for name in path.split("/"):
        parent = SubElement(parent, name)
    parent.text = _UNWRITABLE.sub(" ", text)
    return parent
