"""A bank as a rail: payouts leave in pain.001 files, and everything comes back in files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, ClassVar

from apps.payments.connectors.bank import account as accounts
from apps.payments.connectors.bank import formats, news, pain001, pain002, profiles
from apps.payments.connectors.bank.account import BankAccount
from apps.payments.connectors.bank.pain001 import Account, Agent, CreditTransfer, PaymentBatch
from apps.payments.connectors.bank.reading import Limits
from apps.payments.connectors.base import AccountConfig, Capabilities
from apps.payments.connectors.files import (
    DropPlace,
    FileNews,
    FileOrder,
    FilePayout,
    FileSchedule,
)
from apps.payments.domain.bank_statements import Entry, Part
from apps.payments.domain.tariffs import Tariff
from apps.payments.errors.bank_files import UnreadableFile


class BankConnector:
    """Any bank that takes ISO 20022 payment files. It pays out, and its files say what became."""

    code: ClassVar[str] = "bank"
    inbound_name: ClassVar[str] = "bank"

    def capabilities(self, config: Mapping[str, object]) -> Capabilities:
        """What an account with this configuration can do."""
        return accounts.capabilities(config)

    def problems(self, config: Mapping[str, object]) -> Mapping[str, str]:
        """What is wrong with a configuration, by field."""
        return accounts.problems(config)

    def tariff(self, config: Mapping[str, object]) -> Tariff | None:  # noqa: ARG002  of the promise
        """None: banks bill their fees on the statement."""
        return None

    def drop_place(self, config: Mapping[str, object]) -> DropPlace:
        """Where files are exchanged."""
        return accounts.drop_place(config)

    def schedule(self, config: Mapping[str, object]) -> FileSchedule:
        """When files leave and are fetched."""
        return accounts.schedule(config)

    def file_name(self, account: AccountConfig, order: FileOrder) -> str:  # noqa: ARG002  of the promise
        """The message's own identification: a second file of that name cannot be put there."""
        return f"{order.message}.pain001.xml"

    def file_format(self, head: bytes) -> str:
        """By the first bytes."""
        return formats.recognised(head)

    def write_payouts(
        self, account: AccountConfig, order: FileOrder, payouts: Iterable[FilePayout], out: BinaryIO
    ) -> None:
        """As pain.001; ``UnwritablePayment`` or ``BatchTotalsDiffer``."""
        bank = accounts.bank_account(account.config)
        version: Any = bank.version
        pain001.write(out, _batch(bank, order), map(_transfer, payouts), version)

    def read_file(
        self, account: AccountConfig, content: BinaryIO, *, bytes_max: int
    ) -> Iterator[FileNews]:
        """Statuses or statements, whichever the file holds."""
        bank, limits = accounts.bank_account(account.config), Limits(file_bytes=bytes_max)
        head = content.read(formats.HEAD_BYTES)
        content.seek(0)
        kind = formats.recognised(head)
        if kind == formats.PAIN002:
            for status in pain002.read(content, limits):
                yield news.of_status(status, bank)
            return
        for part in self._statement(kind, bank, content, limits):
            if isinstance(part, Entry):
                yield from news.of_entry(part)
            else:
                yield part

    def _statement(
        self, kind: str, bank: BankAccount, content: BinaryIO, limits: Limits
    ) -> Iterator[Part]:
        if kind != formats.CSV:
            return formats.STATEMENTS[kind](content, limits)
        if bank.csv is None:
            raise UnreadableFile(format="unknown", place="file", reason="no format we know")
        return profiles.read(content, bank.csv, limits)


def _batch(bank: BankAccount, order: FileOrder) -> PaymentBatch:
    charges: Any = bank.charges
    return PaymentBatch(
        message=order.message,
        batch=order.message,
        created_at=order.created_at,
        execution_date=order.execution_date,
        debtor=bank.debtor,
        account=bank.account,
        agent=bank.agent,
        currency=order.total.currency,
        approved_count=order.count,
        approved_minor=order.total.minor,
        service_level=bank.service_level,
        charges=charges,
        letters=bank.letters,
    )


def _transfer(payout: FilePayout) -> CreditTransfer:
    payee = payout.payee
    return CreditTransfer(
        end_to_end=payout.reference,
        instruction=payout.reference,
        amount_minor=payout.amount.minor,
        creditor=payee.name,
        account=Account(iban=payee.iban, other=payee.account),
        agent=Agent(bic=payee.bic, clearing_member=payee.clearing_member),
        text=payee.text,
    )
