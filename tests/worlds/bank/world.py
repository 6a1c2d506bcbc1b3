"""The bank: takes pain.001, books it, and answers with pain.002 and camt.053.

It shares no code with the house: it reads and writes XML with lxml. What it does with a payment is
decided by the payee's account: one ending in ``99`` is closed (rejected, AC04), one ending in
``98`` takes the money and its bank sends it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

_NS = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.%s}"


@dataclass(frozen=True)
class Payment:
    """A credit transfer as the bank understood it."""

    message: str
    reference: str
    amount: Decimal
    account: str
    name: str

    @property
    def fate(self) -> str:
        """By the last digits of the account."""
        return {"99": "closed", "98": "returned"}.get(self.account[-2:], "paid")


@dataclass
class Bank:
    """One customer's account at the bank, and the two folders."""

    taken_from: Path
    given_to: Path
    account: str
    currency: str
    balance: Decimal
    day: str = "2026-11-23"
    settles: bool = False  # it says at once that the account is debited
    messages: set[str] = field(default_factory=set)
    booked: list[tuple[Payment, int]] = field(default_factory=list)  # -1 paid, 1 came back
    files: int = 0

    def work(self) -> list[Payment]:
        """Fetch every finished file, book it and answer; returns the payments that were new."""
        found: list[Payment] = []
        for path in sorted(self.taken_from.glob("*.xml")):
            payments = list(self._read(path.read_bytes()))
            path.unlink()
            self._answer(payments, is_new=payments[0].message not in self.messages)
            if payments[0].message not in self.messages:
                self.messages.add(payments[0].message)
                self.booked += [(one, -1) for one in payments if one.fate != "closed"]
                self.booked += [(one, 1) for one in payments if one.fate == "returned"]
                found += payments
        return found

    def close_the_day(self) -> None:
        """A camt.053 of everything booked since the last one."""
        opening = self.balance
        self.balance += sum((one.amount * sign for one, sign in self.booked), Decimal())
        entries = "".join(
            self._entry(number, one, sign) for number, (one, sign) in enumerate(self.booked, 1)
        )
        self.booked.clear()
        balances = "".join(
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{self._amount(amount)}"
            f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{self.day}</Dt></Dt></Bal>"
            for code, amount in (("OPBD", opening), ("CLBD", self.balance))
        )
        self._give(
            "camt.053.001.08",
            f"<BkToCstmrStmt><GrpHdr><MsgId>G{self.files}</MsgId><CreDtTm>{self.day}T20:00:00"
            f"</CreDtTm></GrpHdr><Stmt><Id>S{self.files}</Id><Acct><Id><Othr><Id>{self.account}"
            f"</Id></Othr></Id><Ccy>{self.currency}</Ccy></Acct>{balances}{entries}</Stmt>"
            "</BkToCstmrStmt>",
        )

    def _read(self, content: bytes) -> Iterator[Payment]:
        root = etree.fromstring(content)
        space = _NS % root.nsmap[None][-2:]
        head: Any = root.find(f".//{space}GrpHdr")
        count, total = 0, Decimal()
        for row in root.iter(f"{space}CdtTrfTxInf"):
            amount = row.find(f".//{space}InstdAmt")
            assert amount.get("Ccy") == self.currency
            one = Payment(
                message=head.findtext(f"{space}MsgId"),
                reference=row.findtext(f".//{space}EndToEndId"),
                amount=Decimal(amount.text),
                account=row.findtext(f"{space}CdtrAcct/{space}Id/{space}Othr/{space}Id"),
                name=row.findtext(f"{space}Cdtr/{space}Nm"),
            )
            count, total = count + 1, total + one.amount
            yield one
        assert count == int(head.findtext(f"{space}NbOfTxs"))
        assert total == Decimal(head.findtext(f"{space}CtrlSum"))

    def _answer(self, payments: list[Payment], *, is_new: bool) -> None:
        """A duplicate message is rejected whole; else each payment has its own status."""
        message = payments[0].message
        taken = "ACSC" if self.settles else "ACSP"
        rows = "".join(_status(one, taken) for one in payments) if is_new else ""
        group = "PART" if is_new else "RJCT"
        why = "" if is_new else "<StsRsnInf><Rsn><Cd>DU01</Cd></Rsn></StsRsnInf>"
        self._give(
            "pain.002.001.12",
            f"<CstmrPmtStsRpt><GrpHdr><MsgId>R{self.files}</MsgId><CreDtTm>{self.day}T10:00:00"
            f"</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId>"
            f"<OrgnlMsgNmId>pain.001</OrgnlMsgNmId><GrpSts>{group}</GrpSts>{why}"
            f"</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>{message}</OrgnlPmtInfId>{rows}"
            "</OrgnlPmtInfAndSts></CstmrPmtStsRpt>",
        )

    def _entry(self, number: int, one: Payment, sign: int) -> str:
        side = "CRDT" if sign > 0 else "DBIT"
        back = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>" if sign > 0 else ""
        code = "RRTN" if sign > 0 else "ESCT"
        return (
            f"<Ntry>{self._amount(one.amount)}<CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
            f"<BookgDt><Dt>{self.day}</Dt></BookgDt><AcctSvcrRef>BK{self.files}-{number}"
            f"</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{code}"
            "</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs><EndToEndId>"
            f"{one.reference}</EndToEndId></Refs>{self._amount(one.amount)}<CdtDbtInd>{side}"
            f"</CdtDbtInd><RltdPties><Cdtr><Pty><Nm>{escape(one.name)}</Nm></Pty></Cdtr>"
            f"</RltdPties>{back}</TxDtls></NtryDtls></Ntry>"
        )

    def _amount(self, amount: Decimal) -> str:
        return f'<Amt Ccy="{self.currency}">{amount}</Amt>'

    def _give(self, schema: str, body: str) -> None:
        """Under another name first, as a careful bank does."""
        self.files += 1
        document = f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{schema}">{body}</Document>'
        self.given_to.mkdir(parents=True, exist_ok=True)
        draft = self.given_to / f".{self.files}.tmp"
        draft.write_text(document)
        draft.rename(self.given_to / f"{self.files:04d}-{schema}.xml")


def _status(one: Payment, status: str) -> str:
    why = ""
    if one.fate == "closed":
        status, why = "RJCT", "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>"
    return (
        f"<TxInfAndSts><OrgnlEndToEndId>{one.reference}</OrgnlEndToEndId><TxSts>{status}</TxSts>"
        f"{why}</TxInfAndSts>"
    )
