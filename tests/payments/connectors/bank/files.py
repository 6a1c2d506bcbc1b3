"""Bank files as banks write them, and what is needed to read and check them."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from apps.payments.connectors.bank import bai2, camt, mt940, pain002, profiles
from apps.payments.connectors.bank.pain001 import Account, Agent, CreditTransfer, PaymentBatch

SCHEMAS = "ISO20022_SCHEMAS"


def valid(document: bytes, schema: str) -> None:
    """Against the official schema, which may not be given away with the code."""
    folder = os.environ.get(SCHEMAS, "")
    path = Path(folder) / f"{schema}.xsd"
    if not folder or not path.exists():
        pytest.skip(f"{SCHEMAS} names no folder with {schema}.xsd (from iso20022.org)")
    etree = pytest.importorskip("lxml.etree")
    etree.XMLSchema(etree.parse(path)).assertValid(etree.fromstring(document))


def transfers(count: int) -> Iterator[CreditTransfer]:
    for number in range(1, count + 1):
        yield CreditTransfer(
            end_to_end=f"E{number}",
            instruction=f"I{number}",
            amount_minor=100_050 + number,
            creditor=f"Payee {number}",
            account=Account(other=f"0110{number}"),
            agent=Agent(bic="EQBLKENA"),
            text=f"INV {number}",
        )


def batch_of(payments: Iterable[CreditTransfer], **changes: object) -> PaymentBatch:
    amounts = [payment.amount_minor for payment in payments]
    facts: dict[str, Any] = {
        "message": "M-1",
        "batch": "B-1",
        "created_at": datetime(2026, 11, 22, 10, tzinfo=UTC),
        "execution_date": date(2026, 11, 23),
        "debtor": "Counting House Ltd",
        "account": Account(other="1104161412"),
        "agent": Agent(bic="KCBLKENX"),
        "currency": "KES",
        "approved_count": len(amounts),
        "approved_minor": sum(amounts),
    }
    return PaymentBatch(**(facts | changes))


ENTRY = """<Ntry><NtryRef>{n}</NtryRef><Amt Ccy="KES">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>
<Sts>{status}</Sts><BookgDt><Dt>2026-11-23</Dt></BookgDt><ValDt><Dt>2026-11-24</Dt></ValDt>
<AcctSvcrRef>BK{n}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd>
<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs><InstrId>I{n}</InstrId>
<EndToEndId>E{n}</EndToEndId></Refs>{detail}<RltdPties><Dbtr>{debtor}</Dbtr></RltdPties>
<RmtInf><Ustrd>INV {n}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
"""
_ROOTS = {"052": ("BkToCstmrAcctRpt", "Rpt"), "053": ("BkToCstmrStmt", "Stmt"),
          "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn")}  # fmt: skip


def camt_head(kind: str, version: str, opening: str, closing: str) -> str:
    root, statement = _ROOTS[kind]
    recipient = "<CreDtTm>2026-11-24T00:00:00</CreDtTm>"
    balances = "" if kind == "054" else "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"KES\">{amount}</Amt>"
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-23</Dt></Dt></Bal>"
        for code, amount in (("OPBD", opening), ("CLBD", closing))
    )  # fmt: skip
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}"><{root}>'
        f"<GrpHdr><MsgId>G1</MsgId>{recipient}</GrpHdr><{statement}><Id>S1</Id>"
        f"<ElctrncSeqNb>7</ElctrncSeqNb>{recipient}"
        f"<Acct><Id><Othr><Id>1104161412</Id></Othr></Id><Ccy>KES</Ccy></Acct>{balances}"
    )


def camt_tail(kind: str) -> str:
    root, statement = _ROOTS[kind]
    return f"</{statement}></{root}></Document>"


def camt_entry(number: int, side: str, amount: str, version: str) -> str:
    is_new = int(version) >= 8
    name = f"<Nm>Payer {number}</Nm>"
    detail = f'<Amt Ccy="KES">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>' if is_new else ""
    return ENTRY.format(
        n=number, amount=amount, side=side, detail=detail,
        status="<Cd>BOOK</Cd>" if is_new else "BOOK",
        debtor=f"<Pty>{name}</Pty>" if is_new else name,
    )  # fmt: skip


def camt_file(kind: str = "053", version: str = "08") -> bytes:
    """Opening 100.00, in 50.25, out 20.00, closing 130.25."""
    entries = camt_entry(1, "CRDT", "50.25", version) + camt_entry(2, "DBIT", "20", version)
    return (camt_head(kind, version, "100", "130.25") + entries + camt_tail(kind)).encode()


def pain002_file(version: str = "12") -> bytes:
    rows = "".join(
        f"<TxInfAndSts><StsId>S{number}</StsId><OrgnlInstrId>I{number}</OrgnlInstrId>"
        f"<OrgnlEndToEndId>E{number}</OrgnlEndToEndId><TxSts>{status}</TxSts>{reason}</TxInfAndSts>"
        for number, (status, reason) in enumerate(
            [("ACSC", ""), ("RJCT", _why("AC04")), ("RJCT", _why("AM05")), ("ACCC", "")], start=1
        )
    )
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}"><CstmrPmtStsRpt>'
        "<GrpHdr><MsgId>R1</MsgId><CreDtTm>2026-11-23T10:00:00</CreDtTm></GrpHdr>"
        "<OrgnlGrpInfAndSts><OrgnlMsgId>M-1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09"
        "</OrgnlMsgNmId><GrpSts>PART</GrpSts></OrgnlGrpInfAndSts>"
        "<OrgnlPmtInfAndSts><OrgnlPmtInfId>B-1</OrgnlPmtInfId><PmtInfSts>PART</PmtInfSts>"
        f"{rows}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    ).encode()


def _why(code: str) -> str:
    text = "<AddtlInf>see account</AddtlInf>"
    return f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn>{text}</StsRsnInf>"


MT940 = b"""{1:F01KCBLKENXAXXX0000000000}{2:O9400000}{4:
:20:STMT1
:25:1104161412
:28C:7/1
:60F:C261122KES100,00
:61:2611241123C50,25NTRFE1//BK1
Payer one
:86:/EREF/E1-FULL/NAME/PAYER ONE/REMI/INV 1
:61:2611231123D20,NCHGNONREF//BK2
:61:2701021231RC5,00NRTIE1//
BK3
:62F:C261123KES125,25
:64:C261123KES125,25
-}
"""
MT942 = b"""
:20:INTERIM
:25:KES/1104161412
:28C:8/1
:34F:KESD0,
:13D:2611231000+0300
:61:261123C50,25NTRFE1
:86:INV 1
:90D:0KES0,00
:90C:1KES50,25
-
"""
BAI2 = b"""01,KCBLKENX,HOUSE,261123,0600,1,80,,2/
02,HOUSE,KCBLKENX,1,261123,,KES,2/
03,1104161412,,010,10000,,/
88,015,13025,,/
16,142,5025,V,261124,,BK1,E1,INV 1, of Payer
88,one/
16,475,2000,,BK2,E2,/
49,30050,6/
98,30050,1,8/
99,30050,1,10/
"""
CSV = """Date;Details;Amount;Balance
23.11.2026;"Pay; one";1.050,25;1.150,25
24.11.2026;Fee;-20,00;1.130,25
"""
PROFILE = profiles.Profile(
    name="house-bank", account="1104161412", currency="KES",
    columns={"booking_date": "Date", "text": "Details", "amount": "Amount", "balance": "Balance"},
    sign="signed", date_format="%d.%m.%Y", decimal_mark=",", thousands_mark=".", delimiter=";",
)  # fmt: skip

READERS = {
    "camt": (camt.read, camt_file()),
    "pain002": (pain002.read, pain002_file()),
    "mt940": (mt940.read, MT940),
    "mt942": (mt940.read, MT942),
    "bai2": (bai2.read, BAI2),
    "csv": (lambda stream, *limits: profiles.read(stream, PROFILE, *limits), CSV.encode()),
}


def stream(content: bytes) -> io.BytesIO:
    return io.BytesIO(content)
