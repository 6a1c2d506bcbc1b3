"""Bank statements in ISO 20022 camt.053 (BankToCustomerStatement), versions 02, 04 and 08.

Only booked entries (status BOOK) are read; the opening (OPBD, PRCD) and closing (CLBD) balances
prove them. XML comes from strangers: no DTD, no entities.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from apps.platform.money import Money
from apps.settlements.domain import Direction, LineKind, ParsedLine, ParsedStatement
from apps.settlements.errors import UnreadableStatement

_NAMESPACE = re.compile(r"^\{urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(02|04|08)\}Document$")
_DEBIT = "DBIT"


def read(content: bytes) -> ParsedStatement:
    """Read a file with exactly one statement."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise UnreadableStatement(line=1, reason="not well-formed XML without a DTD") from None
    if not _NAMESPACE.match(root.tag):
        raise UnreadableStatement(line=1, reason="not camt.053.001.02, .04 or .08")
    space = root.tag.rpartition("}")[0] + "}"
    for element in root.iter():
        element.tag = element.tag.removeprefix(space)
    statements = root.findall("BkToCstmrStmt/Stmt")
    if len(statements) != 1:
        raise UnreadableStatement(line=1, reason=f"{len(statements)} statements, not one")
    return _statement(statements[0])


def _statement(statement: Element) -> ParsedStatement:
    balances = {
        _text(balance, "Tp/CdOrPrtry/Cd"): _signed_minor(balance)
        for balance in statement.findall("Bal")
    }
    opening = balances.get("OPBD", balances.get("PRCD"))
    closing = balances.get("CLBD")
    if opening is None or closing is None:
        raise UnreadableStatement(line=1, reason="no opening or no closing balance")
    account = _text(statement, "Acct/Id/IBAN") or _text(statement, "Acct/Id/Othr/Id")
    currency = _text(statement, "Acct/Ccy") or _currency(statement)
    lines = [
        _line(entry, number, currency)
        for number, entry in enumerate(statement.findall("Ntry"), start=1)
        if (_text(entry, "Sts/Cd") or _text(entry, "Sts")) == "BOOK"
    ]
    return ParsedStatement(
        account=account,
        currency=currency,
        opening_minor=opening,
        closing_minor=closing,
        lines=lines,
    )


def _currency(statement: Element) -> str:
    amount = statement.find("Bal/Amt")
    return amount.get("Ccy", "") if amount is not None else ""


def _line(entry: Element, number: int, currency: str) -> ParsedLine:
    signed = _signed_minor(entry)
    amount = entry.find("Amt")
    if signed == 0 or amount is None or amount.get("Ccy") != currency:
        raise UnreadableStatement(line=number, reason=f"entry without an amount in {currency}")
    details = entry.find("NtryDtls/TxDtls")
    if details is None:
        details = Element("TxDtls")
    end_to_end = _text(details, "Refs/EndToEndId")
    direction = Direction.OUT if signed < 0 else Direction.IN
    return ParsedLine(
        booked_at=_booked_at(entry, number),
        direction=direction,
        amount_minor=abs(signed),
        kind=_kind(entry, direction),
        provider_reference=_text(details, "Refs/AcctSvcrRef") or _text(entry, "AcctSvcrRef"),
        our_reference="" if end_to_end == "NOTPROVIDED" else end_to_end,
        linked_reference=_proprietary(details, "LinkedTransactionID"),
        counterparty=_party(details),
        text=_text(details, "RmtInf/Ustrd") or _text(entry, "AddtlNtryInf"),
    )


def _kind(entry: Element, direction: Direction) -> LineKind:
    if _text(entry, "BkTxCd/Domn/Fmly/SubFmlyCd") in ("CHRG", "FEES", "COMM"):
        return LineKind.FEE
    if _text(entry, "BkTxCd/Domn/Fmly/SubFmlyCd") in ("BOOK", "RRTN"):
        return LineKind.TRANSFER
    return LineKind.PAYIN if direction is Direction.IN else LineKind.PAYOUT


def _booked_at(entry: Element, number: int) -> datetime:
    text = _text(entry, "BookgDt/DtTm") or _text(entry, "BookgDt/Dt")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableStatement(line=number, reason=f"{text!r} is not a date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _party(details: Element) -> str:
    for path in ("Dbtr/Pty/Nm", "Cdtr/Pty/Nm", "Dbtr/Nm", "Cdtr/Nm"):
        if name := _text(details, f"RltdPties/{path}"):
            return name
    return ""


def _proprietary(details: Element, kind: str) -> str:
    for reference in details.findall("Refs/Prtry"):
        if _text(reference, "Tp") == kind:
            return _text(reference, "Ref")
    return ""


def _signed_minor(parent: Element) -> int:
    amount = parent.find("Amt")
    text, currency = (amount.text, amount.get("Ccy")) if amount is not None else ("", "")
    try:
        minor = Money.from_major(text or "", currency or "").minor
    except ValueError:
        raise UnreadableStatement(line=1, reason="an amount is missing or malformed") from None
    return -minor if _text(parent, "CdtDbtInd") == _DEBIT else minor


def _text(parent: Element, path: str) -> str:
    return (parent.findtext(path) or "").strip()
