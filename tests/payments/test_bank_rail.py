"""A bank as a rail: payouts leave in one proved file, once, and end as the bank says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection, transaction

from apps.payments import selectors, services
from apps.payments.connectors.bank.errors import UnwritablePayment
from apps.payments.domain import ProviderAccountDraft
from apps.payments.domain.bank_files import BANK_FILE_MOVES, BankFileState, last_cut_off
from apps.payments.domain.payees import BankPayee
from apps.payments.domain.states import may_move
from apps.payments.errors import InvalidAccountConfig
from apps.payments.errors.bank_files import PayeeDoesNotFit
from apps.payments.models import Attempt, BankFile, BankPayout, PaymentEvent, ProviderAccount
from apps.payments.services import bank_delivering
from apps.payments.services.bank_reading import discard_bank_file
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.folders import ArrivalUnknown, FolderUnreachable, StoredFolder
from apps.platform.ids import new_id, parse_public_id, public_id
from apps.settlements import services as settlements
from apps.settlements.domain import ExpectedMovement, LineKind
from apps.settlements.models import Break, MatchGroup
from apps.tenancy.models import Tenant
from tests.payments.books import Caller, open_accounts
from tests.payments.test_payments_console import call, visit
from tests.payments.world import balance, kes, told
from tests.worlds.bank.world import Bank

pytestmark = pytest.mark.django_db
ACCOUNT, NUMBER = "house-bank", "1104161412"
CONFIG: dict[str, Any] = {
    "currency": "KES", "debtor": "Counting House Ltd", "account": NUMBER, "bic": "KCBLKENX",
    "drop": {"out": "to-bank", "inbound": "from-bank"},
}  # fmt: skip


@pytest.fixture
def bank(mara: Tenant) -> Bank:
    """The account in our books, and the bank on the other side of its folders."""
    open_accounts()
    open_bank_account()
    room = Path(urlsplit(settings.ENV.storage_url).path) / str(mara.id) / "bank" / ACCOUNT
    for path in room.glob("*/*"):
        path.unlink()
    return Bank(room / "to-bank", room / "from-bank", NUMBER, "KES", Decimal(1_000_000))


def open_bank_account(**config: Any) -> UUID:
    return services.open_provider_account(
        draft=ProviderAccountDraft(
            label=ACCOUNT, name="House bank", connector="bank", environment="simulator",
            currency="KES", clearing_account="1110", fee_account="5010",
            secrets_ref="payments/bank", config={**CONFIG, **config},
        ),
        actor=SYSTEM,
    )  # fmt: skip


def pay(shillings: int, account: str = "0110000001", **facts: Any) -> UUID:
    payout_ref = new_id()
    payee = BankPayee(name="Acme Supplies", account=account, bic="EQBLKENA", text="INV 7")
    services.create_payout_attempt(
        payout_ref=payout_ref, amount=kes(shillings), payee=replace(payee, **facts),
        debit_account="2900", provider_account=ACCOUNT, idempotency_key=f"t:{payout_ref}",
        actor=SYSTEM,
    )  # fmt: skip
    return payout_ref


def state(payout_ref: UUID) -> str:
    return str(Attempt.objects.get(payout_ref=payout_ref).state)


def turn() -> None:
    """One round of the sweep, whenever the folder was last looked into."""
    cache.clear()
    services.send_bank_files()
    services.fetch_bank_files()
    services.read_bank_files()


def test_payouts_by_bank_from_the_file_to_the_statement(bank: Bank) -> None:
    before = balance("2900"), balance("1110")
    paid, closed, back = pay(1_500), pay(700, "0110000099"), pay(300, "0110000098")
    services.send_due_attempts()
    assert state(paid) == "queued"  # never one by one
    turn()
    assert [state(one) for one in (paid, closed, back)] == ["sent"] * 3
    file = BankFile.objects.get(direction="out")
    assert (file.state, file.count, file.total_minor) == ("delivered", 3, 2_500_00)
    assert len(bank.work()) == 3
    turn()
    assert [state(one) for one in (paid, closed, back)] == ["pending", "declined", "pending"]
    assert Attempt.objects.get(payout_ref=closed).provider_code == "AC04"
    bank.close_the_day()
    turn()
    assert [state(one) for one in (paid, closed, back)] == ["succeeded", "declined", "succeeded"]
    assert (balance("2900"), balance("1110")) == (before[0] - 1_800_00, before[1] - 1_800_00)
    (news,) = told("payout_returned", str(back))
    assert (news["amount"]["amount_minor"], news["reason"]) == (300_00, "AC04")
    assert selectors.payout_outcome(payout_ref=paid).provider_reference.startswith("BK")
    (handed_on,) = told("bank_statement_received", ACCOUNT)
    assert handed_on["file_format"] == "camt"
    facts = PaymentEvent.objects.count()
    turn()
    for one in BankFile.objects.filter(direction="in"):
        services.bank_reading._apply(one, services.bank_reading._read(one))
    assert PaymentEvent.objects.count() == facts  # reading again adds nothing
    assert Attempt.objects.get(payout_ref=paid).sends == 1


def test_payouts_wait_for_the_cut_off_and_leave_in_one_file(bank: Bank) -> None:
    open_bank_account(schedule={"cut_offs": ["10:30", "15:00"], "zone": "Africa/Nairobi"})
    morning = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # 10:00 in Nairobi
    with clock.reading(lambda: morning):
        early = pay(10)
        turn()
        assert state(early) == "queued"
    with clock.reading(lambda: morning + timedelta(minutes=31)):
        late = pay(20)
        turn()
    assert (state(early), state(late)) == ("sent", "queued")
    assert last_cut_off(["10:30"], "Africa/Nairobi", morning).isoformat().startswith("2026-11-22")


def test_what_the_bank_would_not_take_is_refused_when_it_is_asked_for(bank: Bank) -> None:
    for wrong in ({"name": "Café Zoë"}, {"account": "", "iban": "KE00"}, {"bic": "x"}):
        with pytest.raises(UnwritablePayment):
            pay(10, **wrong)
    with pytest.raises(PayeeDoesNotFit):
        services.create_payout_attempt(
            payout_ref=new_id(), amount=kes(10), phone="254708000001", debit_account="2900",
            provider_account=ACCOUNT, idempotency_key="x", actor=SYSTEM,
        )  # fmt: skip
    assert not Attempt.objects.filter(provider_account__label=ACCOUNT).exists()


@contextmanager
def failing(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception], *, arrives: bool
) -> Iterator[None]:
    real = StoredFolder.put

    def put(self: StoredFolder, name: str, content: bytes) -> None:
        if arrives:
            real(self, name, content)
        raise error(folder="x", problem="gone")  # type: ignore[call-arg]

    with monkeypatch.context() as patch:
        patch.setattr(StoredFolder, "put", put)
        yield


@pytest.mark.parametrize("is_fetched", [False, True])
def test_a_lost_hand_over_is_unknown_until_something_proves_it(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, is_fetched: bool
) -> None:
    """The folder shows the file; or the bank has it already, and its answer names the message."""
    payout = pay(10)
    with failing(monkeypatch, ArrivalUnknown, arrives=True):
        turn()
    file = BankFile.objects.get()
    assert (file.state, state(payout)) == ("unknown", "unknown")
    if is_fetched:
        assert len(bank.work()) == 1
    puts: list[str] = []
    monkeypatch.setattr(StoredFolder, "put", lambda _self, name, _content: puts.append(name))
    BankFile.objects.update(next_try_at=clock.now())
    turn()
    turn()
    file.refresh_from_db()
    assert (file.state, puts) == ("delivered", [])
    assert state(payout) == ("pending" if is_fetched else "sent")


def test_an_empty_folder_proves_nothing_and_a_refused_connection_everything(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    with failing(monkeypatch, FolderUnreachable, arrives=False):
        payout = pay(10)
        turn()
    assert (BankFile.objects.get().state, state(payout)) == ("built", "sending")
    with failing(monkeypatch, ArrivalUnknown, arrives=False):
        BankFile.objects.update(next_try_at=clock.now())
        turn()
    for _ in range(2):
        BankFile.objects.update(next_try_at=clock.now())
        turn()
    assert (BankFile.objects.get().state, state(payout)) == ("unknown", "unknown")
    assert bank.work() == []


def test_a_worker_that_dies_while_handing_over_leaves_one_file(bank: Bank) -> None:
    payout = pay(10)
    services.bank_collecting.collect_bank_file(
        account=ProviderAccount.objects.get(label=ACCOUNT), actor=SYSTEM
    )
    claim = bank_delivering._claim()
    assert claim is not None
    bank_delivering._put(claim[0])  # and nothing is recorded
    turn()
    assert BankFile.objects.get().state == "delivering"
    later = clock.now() + timedelta(minutes=5)
    with clock.reading(lambda: later):
        turn()
    assert (BankFile.objects.get().state, state(payout)) == ("delivered", "sent")
    assert len(bank.work()) == 1


def drop(bank: Bank, name: str, content: bytes) -> BankFile:
    bank.given_to.mkdir(parents=True, exist_ok=True)
    (bank.given_to / name).write_bytes(content)
    turn()
    return BankFile.objects.get(name=name)


def test_what_cannot_be_believed_is_put_aside_and_people_decide(bank: Bank) -> None:
    payout = pay(10)
    turn()
    bank.work()
    bank.close_the_day()
    turn()
    good = next(bank.given_to.glob("*camt*")).read_bytes()
    cases = {
        "bomb.xml": (b'<!DOCTYPE a [<!ENTITY b "c">]>' + good, "payments/unreadable-bank-file"),
        "unproved.xml": (good.replace(b"1000000<", b"1000001<"), "payments/unproved-bank-file"),
        "other.xml": (
            good.replace(NUMBER.encode(), b"77"),
            "payments/bank-file-of-another-account",
        ),
        "amount.xml": (
            good.replace(b">10.00<", b">11.00<").replace(b"999990.00", b"999989.00"),
            "payments/bank-file-contradicts",
        ),
    }
    for name, (content, code) in cases.items():
        file = drop(bank, name, content)
        assert (file.state, file.problem_code) == ("quarantined", code), name
    assert len(told("bank_file_quarantined", ACCOUNT)) == len(cases)
    assert (state(payout), balance("1110")) == ("succeeded", -10_00)
    again = drop(bank, "again.txt", b"nothing we know")
    services.retry_bank_file(file_id=again.id, actor=SYSTEM)
    turn()
    discard_bank_file(file_id=again.id, reason="A leaflet", actor=SYSTEM)
    again.refresh_from_db()
    assert again.state == "discarded"
    count = BankFile.objects.count()
    (bank.given_to / "copy.xml").write_bytes(good)
    turn()
    assert BankFile.objects.count() == count  # the same bytes under another name


@pytest.mark.parametrize(
    ("field", "value"),
    [("version", "3"), ("drop", {"out": "a", "inbound": "a"}), ("drop", {"out": "../x"}),
     ("drop", {"out": "a", "inbound": "b", "is_remote": True}), ("debtor", ""), ("csv", {"x": 1}),
     ("schedule", {"cut_offs": ["25:00"]}), ("account", ""), ("passkey", "x"), ("currency", "XX")],
)  # fmt: skip
def test_a_wrong_configuration_is_refused(bank: Bank, field: str, value: object) -> None:
    with pytest.raises(InvalidAccountConfig) as refused:
        open_bank_account(**{field: value})
    assert refused.value.field == field


def test_the_database_refuses_a_second_file_and_a_changed_one(bank: Bank) -> None:
    pay(10)
    turn()
    pay(20)
    turn()
    one, two = BankFile.objects.order_by("created_at")
    for change, sqlstate in (
        (lambda: BankPayout.objects.filter(file=one).update(file=two), "PM032"),
        (lambda: BankFile.objects.filter(id=one.id).update(total_minor=1), "PM030"),
        (lambda: BankFile.objects.filter(id=one.id).update(state="built"), "PM031"),
        (lambda: BankFile.objects.filter(id=one.id).delete(), None),
    ):
        assert refusal(change) in (sqlstate, "PM030", "23503")
    with connection.cursor() as cursor:
        for before, after in product(BankFileState, BankFileState):
            cursor.execute("SELECT payments_bank_move_allowed_v1(%s, %s)", [before, after])
            assert cursor.fetchone() == (may_move(BANK_FILE_MOVES, before, after),)


def refusal(change: Callable[[], object]) -> str:
    with pytest.raises(Error) as error, transaction.atomic():
        change()
    cause: Any = error.value.__cause__
    return str(getattr(cause, "sqlstate", "23503"))


def test_the_statement_is_imported_and_matched_though_a_status_came_first(bank: Bank) -> None:
    """A status that settles a payout names no reference of the bank: ours finds the line."""
    settlements.prepare_books(currency="KES", provider_account=ACCOUNT, actor=SYSTEM)
    payout = pay(10)
    turn()
    bank.settles = True
    bank.work()
    turn()
    assert state(payout) == "succeeded"
    (paid,) = told("payout_paid", str(payout))
    key = Attempt.objects.get(payout_ref=payout).provider_key
    assert paid["provider_reference"] == key
    settlements.expect_movement(
        movement=ExpectedMovement(
            provider_account=ACCOUNT, kind=LineKind.PAYOUT, amount=kes(10),
            provider_reference=key, source=f"payout:{payout}", expected_fee=None,
        ),
        actor=SYSTEM,
    )  # fmt: skip
    bank.close_the_day()
    turn()
    (handed_on,) = told("bank_statement_received", ACCOUNT)
    file_id = parse_public_id("bf", handed_on["file_id"])
    settlements.import_bank_file(file_id=file_id, actor=SYSTEM)
    assert (MatchGroup.objects.count(), Break.objects.count()) == (1, 0)
    assert balance("1110") == -10_00


def test_people_and_programs_see_the_files_and_decide(mara: Tenant, bank: Bank) -> None:
    pay(1_234)
    turn()
    aside = drop(bank, "leaflet.txt", b"nothing we know")
    key, page = public_id("bf", aside.id), f"payments/bank-files/{public_id('bf', aside.id)}"
    out = f"payments/bank-files/{public_id('bf', BankFile.objects.get(direction='out').id)}"
    viewer, operator = visit(mara, "viewer"), visit(mara, "operator")
    for where, shows in (
        ("payments/bankfile/", ["leaflet.txt", "1,234.00", "Quarantined", "Delivered"]),
        (page, ["leaflet.txt", "no format we know"]),
        (out, ["1,234.00", "no payout is in another file"]),
    ):
        shown = call(mara, viewer, "get", where)
        assert shown.status_code == 200
        assert [words for words in shows if words not in shown.content.decode()] == []
    assert call(mara, viewer, "post", out, action="download").status_code == 409
    got = call(mara, operator, "post", out, action="download")
    assert b"<InstdAmt" in got.content
    assert "attachment" in got["Content-Disposition"]
    caller = Caller(mara, "payments:read", "payments:write")
    listed = caller.get("bank-files", state="quarantined").json()["data"]
    assert [one["id"] for one in listed] == [key]
    assert caller.post(f"bank-files/{key}/retry", {}, key="r1").json()["state"] == "received"
    turn()
    refused = caller.post(f"bank-files/{key}/discard", {"reason": " "}, key="d0")
    assert refused.status_code in (400, 422)
    done = call(mara, operator, "post", page, action="discard", text="A leaflet")
    assert (done.status_code, caller.get(f"bank-files/{key}").json()["state"]) == (302, "discarded")
    assert caller.post(f"bank-files/{key}/retry", {}, key="r2").status_code == 409
