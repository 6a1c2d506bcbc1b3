"""The statement as ISO 20022 camt.053.001.08, elements in the order the schema demands."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, tostring

from tests.worlds.daraja.clock import eat, utc
from tests.worlds.daraja.enquiries import shillings
from tests.worlds.daraja.identifiers import public_name
from tests.worlds.daraja.statement import Line, Statement
from tests.worlds.daraja.store import Row

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
REFERENCE_LENGTH = 35  # Max35Text

#: Domain codes of the external code list, by kind of transfer: family and sub-family.
_CODES = {
    "deposit": ("RCDT", "BOOK"),
    "pay_in": ("RCDT", "DMCT"),
    "payout": ("ICDT", "DMCT"),
    "reversal": ("ICDT", "RRTN"),
    "fee": ("MDOP", "CHRG"),
}


def document(drawn: Statement) -> bytes:
    """The whole file, UTF-8."""
    root = Element("Document", xmlns=NAMESPACE)
    message = SubElement(root, "BkToCstmrStmt")
    shortcode = drawn.organisation["shortcode"]
    identity = f"{shortcode}-{drawn.from_ms}-{drawn.to_ms}"[:REFERENCE_LENGTH]
    header = SubElement(message, "GrpHdr")
    _text(header, "MsgId", identity)
    _text(header, "CreDtTm", utc(drawn.written_at_ms))
    body = SubElement(message, "Stmt")
    _text(body, "Id", identity)
    _text(body, "CreDtTm", utc(drawn.written_at_ms))
    span = SubElement(body, "FrToDt")
    _text(span, "FrDtTm", utc(drawn.from_ms))
    _text(span, "ToDtTm", utc(drawn.to_ms - 1))
    account = SubElement(body, "Acct")
    _text(account, "Id/Othr/Id", shortcode)
    _text(account, "Ccy", "KES")
    _text(account, "Nm", drawn.organisation["name"][:70])
    _balance(body, "OPBD", drawn.opening_minor, drawn.from_ms)
    _balance(body, "CLBD", drawn.closing_minor, drawn.to_ms - 1)
    for line in drawn.lines:
        _entry(body, line)
    document_text: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return document_text


def _text(parent: Element, path: str, text: str) -> Element:
    """Add the elements of ``path`` one inside the other, the last one holding ``text``."""
    for name in path.split("/"):
        parent = SubElement(parent, name)
    parent.text = text
    return parent


def _signed(parent: Element, minor: int) -> None:
    _text(parent, "Amt", shillings(abs(minor))).set("Ccy", "KES")
    _text(parent, "CdtDbtInd", "DBIT" if minor < 0 else "CRDT")


def _balance(parent: Element, code: str, minor: int, at_ms: int) -> None:
    balance = SubElement(parent, "Bal")
    _text(balance, "Tp/CdOrPrtry/Cd", code)
    _signed(balance, minor)
    _text(balance, "Dt/Dt", f"{eat(at_ms):%Y-%m-%d}")


def _entry(parent: Element, line: Line) -> None:
    transfer = line.transfer
    entry = SubElement(parent, "Ntry")
    _text(entry, "NtryRef", str(transfer["sequence"]))
    _signed(entry, line.change_minor)
    _text(entry, "Sts/Cd", "BOOK")
    _text(entry, "BookgDt/DtTm", utc(transfer["completed_at_ms"]))
    _text(entry, "ValDt/Dt", f"{eat(transfer['completed_at_ms']):%Y-%m-%d}")
    _text(entry, "AcctSvcrRef", transfer["receipt"])
    _transaction_code(entry, transfer["kind"])
    _details(SubElement(SubElement(entry, "NtryDtls"), "TxDtls"), line)


def _transaction_code(entry: Element, kind: str) -> None:
    family, sub_family = _CODES[kind]
    domain = SubElement(SubElement(entry, "BkTxCd"), "Domn")
    _text(domain, "Cd", "PMNT" if kind != "fee" else "ACMT")
    family_element = SubElement(domain, "Fmly")
    _text(family_element, "Cd", family)
    _text(family_element, "SubFmlyCd", sub_family)


def _details(details: Element, line: Line) -> None:
    transfer = line.transfer
    references = SubElement(details, "Refs")
    _text(references, "AcctSvcrRef", transfer["receipt"])
    _text(references, "EndToEndId", end_to_end_id(transfer))
    for kind, reference in _other_references(transfer):
        other = SubElement(references, "Prtry")
        _text(other, "Tp", kind)
        _text(other, "Ref", _short(reference))
    _signed(details, line.change_minor)
    if transfer["phone"]:
        party = "Dbtr" if line.change_minor > 0 else "Cdtr"
        parties = SubElement(details, "RltdPties")
        _text(parties, f"{party}/Pty/Nm", public_name(transfer["phone"]))
        _text(parties, f"{party}Acct/Id/Othr/Id", transfer["phone"])
    _text(details, "RmtInf/Ustrd", transfer["details"][:140])


def end_to_end_id(transfer: Row) -> str:
    """Our client's reference: the one of a payout, else of the account paid to."""
    reference = transfer["originator_conversation_id"] or transfer["account_reference"]
    return _short(reference) or "NOTPROVIDED"


def _short(reference: str) -> str:
    """A reference of at most 35 characters: a UUID loses its hyphens, as banks have it."""
    if len(reference) > REFERENCE_LENGTH:
        reference = reference.replace("-", "")
    return reference[:REFERENCE_LENGTH]


def _other_references(transfer: Row) -> Iterator[tuple[str, str]]:
    names = {
        "linked_receipt": "LinkedTransactionID",
        "checkout_request_id": "CheckoutRequestID",
        "conversation_id": "ConversationID",
    }
    for column, name in names.items():
        if transfer[column]:
            yield name, transfer[column]
