"""The organisation portal's statements, against the provider's books."""

from __future__ import annotations

import csv
import io
import os
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.world_daraja.client import Receiver, Tenant
from tests.worlds.daraja.portal import HEADER

CAMT = {"s": "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"}
#: Wide enough that the turn of a day in Nairobi cannot matter.
WIDE = {"from": "2020-01-01", "to": "2099-12-31"}


@pytest.fixture
def busy(tenant: Tenant, receiver: Receiver) -> Tenant:
    """A tenant with a push, a payout with fees, an unasked pay-in and a reversal."""
    tenant.push("254708374101")
    receiver.wait("/cb")
    tenant.pay_out("0192f5a0-1111-7222-8333-444455556666", "254705912600")
    receiver.wait("/r")
    unasked = {"phone": "254708374177", "amount": 50, "account_reference": "typed, by hand"}
    receipt = tenant.control("paybill", shortcode=tenant.shortcode, **unasked)["receipt"]
    tenant.reverse("/reversed", TransactionID=receipt, Amount="50")
    return tenant


def fetch(tenant: Tenant, form: str, **period: str) -> str:
    path = f"/portal/{tenant.shortcode}/statement.{form}"
    answer = tenant.http.get(path, params=period or WIDE, auth=(tenant.key, tenant.secret))
    assert answer.status_code == 200, answer.text
    return answer.text


def parts(text: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Preamble and rows of the CSV form."""
    preamble, _, table = text.partition("\r\n\r\n")
    facts = {row[0].rstrip(":"): row[1] for row in csv.reader(io.StringIO(preamble))}
    return facts, list(csv.DictReader(io.StringIO(table)))


def minor(text: str) -> int:
    return int(text.replace(".", "") or "0")


def test_the_csv_has_the_portal_s_shape(busy: Tenant) -> None:
    text = fetch(busy, "csv")
    assert f"\r\n{HEADER}\r\n" in text
    facts, rows = parts(text)
    assert facts["Short Code"] == busy.shortcode
    assert [row["Reason Type"] for row in rows] == [
        "Organization Deposit",
        "Pay Bill Online",
        "Pay Bill Charge",
        "Business Payment to Customer via API",
        "Business Payment Charge",
        "Pay Bill Online",
        "Pay Bill Charge",
        "Pay Bill Reversal",
    ]
    assert rows[1]["A/C No."] == "INV-1001"
    assert rows[3]["Withdrawn"] == "-2000.00"
    assert "0192f5a0-1111-7222-8333-444455556666" in rows[3]["Details"]
    assert rows[4]["Linked Transaction ID"] == rows[3]["Receipt No."]


def test_the_balance_runs_and_closes_on_the_books(busy: Tenant) -> None:
    facts, rows = parts(fetch(busy, "csv"))
    balance = minor(facts["Opening Balance"])
    for row in rows:
        balance += minor(row["Paid In"]) + minor(row["Withdrawn"])
        assert minor(row["Balance"]) == balance
    assert minor(facts["Closing Balance"]) == balance == busy.total_minor()
    effects = sum(row["effect_minor"] for row in busy.transactions())
    assert balance == effects


def test_a_period_opens_with_what_came_before(busy: Tenant) -> None:
    first = busy.transactions("pay_in")[0]["completed_at"]
    facts, rows = parts(fetch(busy, "csv", **{"from": first}))
    assert minor(facts["Opening Balance"]) == 1_000_000_00
    assert len(rows) == 7
    facts, rows = parts(fetch(busy, "csv", **{"from": "2020-01-01", "to": first}))
    assert minor(facts["Closing Balance"]) == 1_000_000_00
    assert len(rows) == 1


def test_camt_says_the_same_as_the_csv(busy: Tenant) -> None:
    facts, rows = parts(fetch(busy, "csv"))
    tree = ET.fromstring(fetch(busy, "camt053.xml"))  # noqa: S314  our own process wrote it
    entries = [
        (
            entry.findtext("s:AcctSvcrRef", namespaces=CAMT),
            minor(str(entry.findtext("s:Amt", namespaces=CAMT))),
            entry.findtext("s:CdtDbtInd", namespaces=CAMT),
        )
        for entry in tree.iterfind(".//s:Ntry", CAMT)
    ]
    changes = [minor(row["Paid In"]) + minor(row["Withdrawn"]) for row in rows]
    assert entries == [
        (row["Receipt No."], abs(change), "CRDT" if change > 0 else "DBIT")
        for row, change in zip(rows, changes, strict=True)
    ]
    references = [node.text for node in tree.iterfind(".//s:EndToEndId", CAMT)]
    assert references[1] == "INV-1001"
    assert references[3] == "0192f5a0111172228333444455556666"
    amounts = [node.text for node in tree.iterfind(".//s:Bal/s:Amt", CAMT)]
    assert amounts == [facts["Opening Balance"], facts["Closing Balance"]]
    codes = [node.text for node in tree.iterfind(".//s:Bal/s:Tp/s:CdOrPrtry/s:Cd", CAMT)]
    assert codes == ["OPBD", "CLBD"]


def schemas() -> list[Path]:
    """The official schema, where this machine has it: ISO20022_SCHEMAS names the folder."""
    path = Path(os.environ.get("ISO20022_SCHEMAS", "/nowhere")) / "camt.053.001.08.xsd"
    return [path] if path.exists() else []


@pytest.mark.parametrize("schema", schemas())
def test_camt_is_valid_by_the_official_schema(busy: Tenant, schema: Path) -> None:
    etree = pytest.importorskip("lxml.etree")
    document = etree.fromstring(fetch(busy, "camt053.xml").encode())
    etree.XMLSchema(etree.parse(schema)).assertValid(document)


def test_the_portal_asks_who_you_are(busy: Tenant) -> None:
    path = f"/portal/{busy.shortcode}/statement.csv"
    assert busy.http.get(path).status_code == 401
    assert busy.http.get(path, auth=(busy.key, "wrong")).status_code == 401


def test_one_fee_can_differ_from_the_tariff(tenant: Tenant, receiver: Receiver) -> None:
    tenant.control("fee-surprise", shortcode=tenant.shortcode, delta_minor=3_50)
    for number in (1, 2):
        tenant.pay_out(f"fee-{number}", "254705912600")
        receiver.wait("/r", number)
    assert [fee["amount_minor"] for fee in tenant.transactions("fee")] == [12_50, 9_00]
    bands = tenant.read("tariff")["payout_bands"]
    assert {"up_to_minor": 5_000_00, "fee_minor": 9_00} in bands


def test_an_unregistered_paybill_payment_shows_only_in_the_statement(
    tenant: Tenant, receiver: Receiver
) -> None:
    unasked = {"phone": "254708374177", "amount": 50, "account_reference": "x"}
    receipt = tenant.control("paybill", shortcode=tenant.shortcode, **unasked)["receipt"]
    assert receipt in fetch(tenant, "csv")
    assert tenant.read("callbacks")["callbacks"] == []
    assert receiver.heard == []


def test_a_payout_can_be_planted_twice(tenant: Tenant, receiver: Receiver) -> None:
    tenant.pay_out("once", "254705912600")
    first = receiver.wait("/r")[0]["Result"]["TransactionID"]
    second = tenant.control("pay-again", receipt=first)["receipt"]
    planted = tenant.transactions("payout")
    assert [row["receipt"] for row in planted] == [first, second]
    assert {row["originator_conversation_id"] for row in planted} == {"once"}
    assert tenant.read("proof")["holds"] is True
