"""Where payees' money goes: written by one, verified by another, cooled, and never in doubt."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.identity.errors import StepUpRequired
from apps.ledger.services import open_account
from apps.payments import services as payments
from apps.payments.domain import ProviderAccountDraft
from apps.payments.models import Attempt
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.ids import new_id
from apps.settlements import services
from apps.settlements.domain import (
    DetailsDecision,
    DetailsState,
    PayeeKind,
    PayoutDetails,
    Rail,
)
from apps.settlements.domain.payee_files import read_payees
from apps.settlements.domain.payout_details import normalised, problems
from apps.settlements.errors import (
    DetailsDecided,
    DetailsNotUsable,
    InvalidDetails,
    NothingToPay,
    OwnDetails,
    ReasonMissing,
    UnreadablePayees,
)
from apps.settlements.models import Beneficiary, BeneficiaryDecision, Disbursement, Payee, PayeeFile
from apps.settlements.selectors import details_of, details_to_verify
from apps.tenancy.models import Tenant
from tests.settlements.test_guards import refused
from tests.settlements.world import (
    decide,
    draft,
    image,
    line_of,
    person,
    post,
    submitted,
)

IBAN = "DE89370400440532013000"  # the registry's own example
BANK = PayoutDetails(
    rail=Rail.BANK, account_name="Mama Oliech Ltd", account="0102345678", clearing_member="01094"
)


def say(
    details: Beneficiary,
    actor: Actor,
    decision: str = "verify",
    comment: str = "",
    seconds_ago: int | None = 1,
) -> None:
    at = None if seconds_ago is None else clock.now() - timedelta(seconds=seconds_ago)
    services.decide_payee_details(
        beneficiary_id=details.id,
        decision=DetailsDecision(decision),
        comment=comment,
        step_up_at=at,
        actor=actor,
    )


def written(actor: Actor, reference: str = "R1", details: PayoutDetails = BANK) -> Beneficiary:
    payee = Payee.objects.get(reference=reference)
    services.change_payee_details(payee_id=payee.id, details=details, actor=actor)
    return payee.beneficiaries.latest("version")


@pytest.mark.parametrize(
    ("currency", "details", "wrong"),
    [
        ("KES", {"rail": "phone", "phone": "0712 345-678"}, ""),
        ("KES", {"rail": "phone", "phone": "+254 112 345 678"}, ""),
        ("KES", {"rail": "phone", "phone": "254212345678"}, "phone"),
        ("KES", {"rail": "phone", "phone": ""}, "phone"),
        ("EUR", {"rail": "phone", "phone": "254712345678"}, "phone"),
        ("KES", {"rail": "phone", "phone": "254712345678", "iban": IBAN}, "iban"),
        ("EUR", {"iban": "de89 3704 0044 0532 0130 00"}, ""),
        ("EUR", {"iban": "DE88370400440532013000"}, "iban"),  # check digits
        ("EUR", {"iban": "DE8937040044053201300"}, "iban"),  # a digit too few
        ("EUR", {"iban": "KE8937040044053201300"}, "iban"),  # Kenya has none
        ("EUR", {"iban": IBAN, "account": "1"}, "account"),
        ("EUR", {}, "account"),
        ("EUR", {"iban": IBAN, "bic": "COBADEFFXXX"}, ""),
        ("EUR", {"iban": IBAN, "bic": "COBA1"}, "bic"),
        ("EUR", {"iban": IBAN, "account_name": " "}, "account_name"),
        ("EUR", {"iban": IBAN, "phone": "0712345678"}, "phone"),
        ("KES", {"account": "0102-345678", "clearing_member": "01094"}, ""),
        ("KES", {"account": "0102345678"}, "clearing_member"),
        ("KES", {"account": "0102345678", "clearing_member": "0109"}, "clearing_member"),
        ("KES", {"account": "01A2345678", "clearing_member": "01094"}, "account"),
        ("USD", {"account": "12345678", "clearing_member": "021000021"}, ""),
        ("USD", {"account": "12345678", "clearing_member": "021000022"}, "clearing_member"),
        ("GBP", {"account": "12345678", "clearing_member": "20-00-00"}, ""),
        ("UGX", {"account": "9030001234567", "bic": "SBICUGKX"}, ""),
        ("UGX", {"account": "9" * 35, "bic": "SBICUGKX"}, "account"),
    ],
)
def test_details_are_checked_before_anybody_looks(
    currency: str, details: dict[str, str], wrong: str
) -> None:
    facts = {"rail": "bank", "account_name": "Owner"} | details
    if facts["rail"] == "phone":
        facts.pop("account_name")
    plain = normalised(PayoutDetails(**{**facts, "rail": Rail(facts["rail"])}))  # type: ignore[arg-type]
    assert list(problems(plain, currency)) == ([wrong] if wrong else [])
    assert normalised(plain) == plain


@given(st.integers(4, 21), st.sampled_from("0123456789"))
def test_one_wrong_digit_of_an_iban_is_always_seen(place: int, digit: str) -> None:
    typed = IBAN[:place] + digit + IBAN[place + 1 :]
    details = PayoutDetails(rail=Rail.BANK, account_name="A", iban=typed)
    assert bool(problems(details, "EUR")) == (typed != IBAN)


@pytest.mark.usefixtures("books")
class TestVerifying:
    """Two people, and time."""

    def test_a_change_pays_nobody_until_it_is_verified_and_has_cooled(
        self, amina: Actor, brian: Actor
    ) -> None:
        changed = PayoutDetails.to_phone("254799000111")
        new = written(amina, details=changed)
        assert [row.state for row in details_of(payee_id=new.payee_id)] == ["unverified", "usable"]
        batch = draft(amina)
        assert line_of(batch, "R1").beneficiary.version == 1
        services.drop_line(disbursement_id=line_of(batch, "R1").id, actor=amina)

        say(new, brian)
        states = [row.state for row in details_of(payee_id=new.payee_id)]
        assert states == [DetailsState.COOLING, DetailsState.SUPERSEDED]
        with pytest.raises(NothingToPay):
            draft(amina)
        with moved_to(new.cools_until - timedelta(seconds=1)), pytest.raises(NothingToPay):
            draft(amina)
        with moved_to(new.cools_until):
            assert line_of(draft(amina), "R1").beneficiary == new
        assert new.cools_until - new.created_at == timedelta(hours=48)

    def test_a_new_payee_waits_a_day_and_a_second_person_may_lift_it(
        self, amina: Actor, brian: Actor, grace: Actor
    ) -> None:
        services.register_payee(
            reference="R9",
            name="Nine",
            kind=PayeeKind.DRIVER,
            details=PayoutDetails.to_phone("0722000999"),
            currency="KES",
            actor=amina,
        )
        post("1100", "2200.R9", 500)
        first = Beneficiary.objects.get(payee__reference="R9")
        assert (first.phone, first.cools_until - first.created_at) == (
            "254722000999",
            timedelta(hours=24),
        )
        assert [row.payee for row in details_to_verify()] == ["R9"]
        assert "R9" not in payees_in(draft(amina))
        say(first, brian)
        assert details_to_verify() == []
        with pytest.raises(NothingToPay):
            draft(amina)
        say(first, grace, "lift", "They stand in the office")
        assert payees_in(draft(amina)) == {"R9"}

    def test_what_may_not_be_said(self, amina: Actor, brian: Actor, grace: Actor) -> None:
        new = written(amina)
        before = image()
        refusals: list[tuple[type[Exception], Callable[[], None]]] = [
            (OwnDetails, lambda: say(new, amina)),
            (OwnDetails, lambda: say(new, person("amina2", human="amina"))),
            (StepUpRequired, lambda: say(new, brian, seconds_ago=301)),
            (StepUpRequired, lambda: say(new, brian, seconds_ago=None)),
            (ReasonMissing, lambda: say(new, brian, "reject", " ")),
            (DetailsDecided, lambda: say(new, brian, "lift", "Because")),
        ]
        for error, attempt in refusals:
            with pytest.raises(error), transaction.atomic():
                attempt()
        assert image() == before
        say(new, brian, "reject", "The bank does not know them")
        for decision in ("verify", "reject", "lift"):
            with pytest.raises(DetailsDecided):
                say(new, grace, decision, "Again")
        assert line_of(draft(amina), "R1").beneficiary.version == 1
        with pytest.raises(InvalidDetails) as caught:
            written(amina, details=PayoutDetails(rail=Rail.BANK, account_name="X", iban="DE1"))
        assert list(caught.value.problems) == ["iban"]
        same = written(amina)
        assert (same.version, written(amina).version) == (3, 3)

    def test_details_that_changed_since_the_draft_stop_the_release(
        self, amina: Actor, brian: Actor
    ) -> None:
        batch = submitted(amina)
        decide(batch, brian)
        new = written(amina, details=PayoutDetails.to_phone("254799000111"))
        say(new, brian)
        before = image()
        with pytest.raises(DetailsNotUsable) as caught, transaction.atomic():
            services.release_batch(batch_id=batch.id, actor=SYSTEM)
        assert (caught.value.payee, caught.value.state) == ("R1", "superseded")
        assert image() == before

    def test_the_database_refuses_it_too(self, amina: Actor, brian: Actor) -> None:
        batch = draft(amina)
        old = line_of(batch, "R1")
        facts: dict[str, Any] = {
            field.attname: getattr(old, field.attname) for field in old._meta.concrete_fields
        }
        old.delete()

        def line(beneficiary: Beneficiary, **more: Any) -> Callable[[], object]:
            own = {"id": new_id(), "beneficiary_id": beneficiary.id, "created_at": clock.now()}
            return lambda: Disbursement.objects.create(**{**facts, **own, **more})

        first, new = Beneficiary.objects.get(id=facts["beneficiary_id"]), written(amina)
        refused("SE020", line(new))
        refused("SE020", line(Beneficiary.objects.get(payee__reference="R2")))
        say(new, brian)
        refused("SE020", line(first))
        refused("SE021", line(new))
        refused("SE021", line(new, created_at=new.cools_until - timedelta(microseconds=1)))
        line(new, created_at=new.cools_until)()

        newer = written(amina, "R2")
        said: dict[str, Any] = {
            "beneficiary": newer,
            "decision": "verify",
            "person": "brian",
            "user_id": new_id(),
            "user_name": "Brian",
            "step_up_at": clock.now(),
            "decided_at": clock.now(),
        }
        minutes = timedelta(minutes=6)
        for state, wrong in (
            ("SE022", {"person": "amina"}),
            ("SE022", {"step_up_at": clock.now() - minutes}),
            ("SE022", {"step_up_at": clock.now() + minutes}),
            ("SE020", {"decision": "lift", "comment": "x"}),
            ("23514", {"decision": "reject"}),
        ):
            refused(state, lambda wrong=wrong: BeneficiaryDecision.objects.create(**said | wrong))  # type: ignore[misc]
        refused("23514", lambda: copy_of(newer, phone="254712345678"))
        refused("23514", lambda: copy_of(newer, clearing_member=""))
        refused("23514", lambda: copy_of(newer, cools_until=newer.created_at - minutes))

    def test_a_batch_through_a_bank_pays_bank_accounts_only(
        self, amina: Actor, brian: Actor
    ) -> None:
        open_bank()
        say(written(amina), brian)
        say(Beneficiary.objects.latest("created_at"), brian, "lift", "Called back")
        batch_id = services.draft_payables_batch(
            provider_account="bank-payouts", currency="KES", actor=amina
        )
        lines = Disbursement.objects.filter(batch=batch_id)
        assert [line.payee.reference for line in lines] == ["R1"]
        assert payees_in(draft(amina)) == {"R2"}  # the phones go through the wallet
        services.submit_batch(batch_id=batch_id, actor=amina)
        batch = lines[0].batch
        batch.refresh_from_db()
        decide(batch, brian)
        services.release_batch(batch_id=batch_id, actor=SYSTEM)
        attempt = Attempt.objects.get(payout_ref=lines[0].id)
        assert attempt.provider_account.label == "bank-payouts"
        assert attempt.amount_minor == 125_000


class TestFiles:
    """Payees by the file."""

    GOOD = b"reference,name,kind,currency,rail,phone,account_name,account,clearing_member\n"

    def test_good_rows_are_taken_and_wrong_ones_named(self, books: Tenant, amina: Actor) -> None:
        content = self.GOOD + (
            b"R1,Restaurant R1,restaurant,KES,phone,0712345601,,,\n"  # known, the same
            b"R2,Restaurant R2,restaurant,kes,bank,,Two Ltd,0102345678,01094\n"  # changed
            b"N1,New One,driver,KES,phone,0799 111 222,,,\n"
            b"N2,New Two,driver,KES,phone,12,,,\n"
            b"N3,,cook,XXX,bank,,,,\n"
            b"R3,Another,restaurant,KES,phone,0712345603,,,\n"
            b"N1,New One,driver,KES,phone,0799 111 222,,,\n"
        )
        services.import_payees(name="p.csv", content=content, actor=amina)
        file = PayeeFile.objects.get()
        assert (file.rows, file.added, file.changed, file.unchanged) == (7, 1, 1, 1)
        assert [(row, column) for row, column, _ in file.problems] == [
            (5, "phone"),
            (6, "name"),
            (6, "kind"),
            (6, "currency"),
            (7, "reference"),
            (8, "reference"),
        ]
        assert [row.payee for row in details_to_verify()] == ["R2", "N1"]
        services.import_payees(name="p.csv", content=content, actor=amina)
        again = PayeeFile.objects.latest("imported_at")
        assert (again.added, again.changed, again.unchanged) == (0, 0, 3)
        refused("SE002", lambda: PayeeFile.objects.update(rows=1))

    @pytest.mark.parametrize(
        ("content", "word"),
        [
            (b"", "lacks"),
            (b"reference,name\n", "lacks"),
            (GOOD.replace(b"phone,", b"fone,"), "nobody knows"),
            (b"\xff\xfe", "UTF-8"),
        ],
    )
    def test_a_file_of_something_else_is_refused(
        self, mara: Tenant, content: bytes, word: str
    ) -> None:
        with pytest.raises(UnreadablePayees) as caught:
            services.import_payees(name="x", content=content, actor=SYSTEM)
        assert word in caught.value.reason
        assert not PayeeFile.objects.exists()

    @given(st.binary(max_size=300))
    def test_no_file_makes_it_stumble(self, content: bytes) -> None:
        for head in (b"", self.GOOD):
            try:
                lines, found, rows = read_payees(head + content)
            except ValueError:
                continue
            assert len(lines) + len({one.row for one in found}) == rows


def moved_to(at: datetime) -> AbstractContextManager[None]:
    return clock.reading(lambda: at)


def payees_in(batch: Any) -> set[str]:
    return set(batch.disbursements.values_list("payee__reference", flat=True))


def copy_of(row: Beneficiary, **change: Any) -> Beneficiary:
    facts = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return Beneficiary.objects.create(**facts | {"id": new_id(), "version": 99} | change)


def open_bank() -> None:
    """An account at a bank that takes files, with money in it."""
    services.prepare_books(currency="KES", provider_account="bank-payouts", actor=SYSTEM)
    payments.open_provider_account(
        draft=ProviderAccountDraft(
            label="bank-payouts",
            name="Bank",
            connector="bank",
            environment="simulator",
            currency="KES",
            clearing_account="1120",
            fee_account="5020",
            secrets_ref="",
            config={
                "currency": "KES",
                "debtor": "Mara Eats Ltd",
                "account": "0100000001",
                "clearing_member": "01001",
                "drop": {"out": "out", "inbound": "in"},
            },
        ),
        actor=SYSTEM,
    )
    open_account(code="1120", name="Bank", account_class="asset", currency="KES", actor=SYSTEM)
    post("1120", "3000", 50_000)
