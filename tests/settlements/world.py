"""A tenant with provider accounts, payees who are owed money, and people who decide."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from apps.identity.models import User
from apps.identity.people import actor_of
from apps.ledger.domain import EntryDraft, credit, debit
from apps.ledger.selectors import account_balance
from apps.ledger.services import open_account, post_entry
from apps.payments import services as payments
from apps.payments.domain import ProviderAccountDraft
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.ids import new_id
from apps.platform.money import Money
from apps.settlements import services
from apps.settlements.connectors.mpesa_csv import HEADER
from apps.settlements.domain import Decision, DetailsDecision, PayeeKind, PayoutDetails
from apps.settlements.models import Batch, Beneficiary, Disbursement

COLLECTIONS, PAYOUTS = "mpesa-collections", "mpesa-payouts"
TARIFF = {"payout_bands": [[100_00, 0], [1_500_00, 5_00], [5_000_00, 9_00]], "pay_in_bps": 55}
NOON = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def kes(shillings: int) -> Money:
    return Money(shillings * 100, "KES")


def balance(account: str) -> int:
    return account_balance(account).balance.minor


def open_books(float_shillings: int = 100_000) -> None:
    """Charts, provider accounts that nobody can reach, and the owner's float."""
    payments.prepare_books(currency="KES", actor=SYSTEM)
    for code, kind in (("3000", "equity"), ("4000", "income")):
        open_account(code=code, name=code, account_class=kind, currency="KES", actor=SYSTEM)
    services.prepare_books(currency="KES", provider_account=PAYOUTS, actor=SYSTEM)
    for label, mirror, fees, operation in (
        (COLLECTIONS, "1100", "5000", "purchase"),
        (PAYOUTS, "1110", "5010", "payout"),
    ):
        payments.open_provider_account(
            draft=ProviderAccountDraft(
                label=label,
                name=label,
                connector="mpesa",
                environment="simulator",
                currency="KES",
                clearing_account=mirror,
                fee_account=fees,
                secrets_ref=f"payments/{label}",
                config={
                    "shortcode": "600100" if operation == "purchase" else "600200",
                    "base_url": "http://127.0.0.1:9",
                    "operations": [operation],
                    "initiator_name": "operator",
                    "has_portal": True,
                    "tariff": TARIFF,
                },
            ),
            actor=SYSTEM,
        )
    if float_shillings:
        post("1110", "3000", float_shillings)


def post(debited: str, credited: str, shillings: int) -> None:
    post_entry(
        draft=EntryDraft(
            description="Given",
            value_date=clock.today("Africa/Nairobi"),
            kind="test.given",
            postings=[debit(debited, kes(shillings)), credit(credited, kes(shillings))],
        ),
        idempotency_key=f"given:{new_id()}",
        actor=SYSTEM,
    )


def owe(reference: str, shillings: int, phone: str = "254712345601") -> str:
    """A restaurant that is owed this much; returns its payable account."""
    account = services.register_payee(
        reference=reference,
        name=f"Restaurant {reference}",
        kind=PayeeKind.RESTAURANT,
        details=PayoutDetails.to_phone(phone),
        currency="KES",
        actor=SYSTEM,
    )
    verify(reference)
    post("1100", account, shillings)
    return account


def verify(reference: str, *, is_lifted: bool = True) -> None:
    """Somebody else finds the payee's newest details good, and lets money go there at once."""
    newest = Beneficiary.objects.filter(payee__reference=reference).latest("version")
    if newest.decisions.exists():
        return
    user = User.objects.filter(username="verity").first()
    checker = actor_of(user) if user else person("verity")
    for decision in ("verify", "lift") if is_lifted else ("verify",):
        services.decide_payee_details(
            beneficiary_id=newest.id,
            decision=DetailsDecision(decision),
            comment="Called back on the number of the contract",
            step_up_at=clock.now(),
            actor=checker,
        )


def draft(actor: Actor) -> Batch:
    batch_id = services.draft_payables_batch(provider_account=PAYOUTS, currency="KES", actor=actor)
    return Batch.objects.get(id=batch_id)


def submitted(actor: Actor) -> Batch:
    batch = draft(actor)
    services.submit_batch(batch_id=batch.id, actor=actor)
    batch.refresh_from_db()
    return batch


def decide(
    batch: Batch,
    actor: Actor,
    decision: Decision = Decision.APPROVE,
    *,
    digest: str = "",
    comment: str = "",
    seconds_ago: int | None = 1,
) -> str:
    given = None if seconds_ago is None else clock.now() - timedelta(seconds=seconds_ago)
    return services.decide_batch(
        batch_id=batch.id,
        decision=decision,
        digest=digest or batch.digest,
        comment=comment,
        step_up_at=given,
        actor=actor,
    )


def released(maker: Actor, checker: Actor) -> Batch:
    batch = submitted(maker)
    decide(batch, checker)
    services.release_batch(batch_id=batch.id, actor=SYSTEM)
    batch.refresh_from_db()
    return batch


def line_of(batch: Batch, payee: str) -> Disbursement:
    return batch.disbursements.get(payee__reference=payee)


def person(username: str, human: str = "") -> Actor:
    """An account of a human being, as an actor."""
    user = User(username=username, full_name=username.title(), person=human or username)
    user.set_unusable_password()
    user.save()
    return actor_of(user)


@dataclass(frozen=True)
class Line:
    """A row of the portal's CSV; shillings, positive in and negative out."""

    receipt: str
    shillings: str
    reason: str = "Pay Bill Online"
    linked: str = ""
    text: str = "A movement"
    at: datetime = NOON


def portal_csv(lines: list[Line], opening: str = "0.00", closing: str = "") -> bytes:
    """The organisation portal's file, as M-Pesa lays it out."""
    total = Money.from_major(opening, "KES")
    for line in lines:
        if not closing and line.shillings != "nothing":
            total += Money.from_major(line.shillings, "KES")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for name, value in (
        ("Short Code:", "600100"),
        ("Currency:", "KES"),
        ("Opening Balance:", opening),
        ("Closing Balance:", closing or str(total.major)),
    ):
        writer.writerow([name, value])
    writer.writerow([])
    writer.writerow(HEADER)
    for line in lines:
        when = line.at.astimezone(clock_zone()).strftime("%Y-%m-%d %H:%M:%S")
        paid_in, withdrawn = (
            ("", line.shillings) if line.shillings.startswith("-") else (line.shillings, "")
        )
        writer.writerow(
            [line.receipt, when, when, line.text, "Completed", paid_in, withdrawn, "", "true",
             line.reason, "", line.linked, ""]
        )  # fmt: skip
    return out.getvalue().encode()


def clock_zone() -> ZoneInfo:
    return ZoneInfo("Africa/Nairobi")


def import_csv(
    lines: list[Line], opening: str = "0.00", *, account: str = COLLECTIONS, closing: str = ""
) -> UUID:
    return services.import_statement(
        provider_account=account,
        profile="mpesa-csv",
        name="statement.csv",
        content=portal_csv(lines, opening, closing),
        actor=SYSTEM,
    )


def image() -> dict[str, str]:
    """Every table of settlements and the ledger as one hash each: equal when nothing moved."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
            " AND (table_name LIKE 'settlements_%' OR table_name LIKE 'ledger_%'"
            " OR table_name IN ('platform_outbox_message', 'platform_audit_record',"
            " 'payments_attempt')) ORDER BY 1"
        )
        hashes = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT md5(string_agg(r::text, '|' ORDER BY r::text)) FROM {table} r")
            hashes[table] = cursor.fetchone()[0]
        return hashes
