"""What a rail of files can be asked: payouts go out together, and answers come in files.

A file rail does not send one attempt at a time. The core collects the payouts of a cut-off, has
them written into one file with totals that it took from its own books, hands the file over once,
and later reads what the bank's files say about each payout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO, Protocol, runtime_checkable

from apps.payments.connectors.base import AccountConfig, Result
from apps.payments.domain.bank_statements import Footer, Header
from apps.payments.domain.payees import BankPayee
from apps.platform.money import Money


@dataclass(frozen=True, slots=True)
class FilePayout:
    """One payout of a file. ``reference`` is our key: it comes back in every answer."""

    reference: str
    amount: Money
    payee: BankPayee


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOrder:
    """What a file must hold: its name for ever, and the totals as our books have them."""

    message: str
    created_at: datetime
    execution_date: date
    count: int
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutNews:
    """What a file says about one payout; about all of a file if it names no ``reference``.

    News of all comes before news of one, which overrules it. ``amount`` is what the file says
    moved; ``returned`` that money came back, for that reason.
    """

    message: str = ""
    reference: str = ""
    result: Result
    returned: str = ""


FileNews = PayoutNews | Header | Footer


@dataclass(frozen=True, slots=True, kw_only=True)
class DropPlace:
    """Where files are exchanged: folders in the object store, or on a server."""

    out: str
    inbound: str
    is_remote: bool = False
    host: str = ""
    port: int = 22
    user: str = ""
    host_key: str = ""
    is_emptied: bool = False  # fetched files are removed


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSchedule:
    """When files leave and are fetched. ``cut_offs`` are times of day ("10:30"); none: at once."""

    cut_offs: tuple[str, ...] = ()
    payouts_per_file: int = 5_000
    execution_days: int = 0
    answer_days: int = 5
    poll_seconds: int = 300
    zone: str = ""


@runtime_checkable
class FileRail(Protocol):
    """Takes payouts in files and answers in files."""

    def write_payouts(
        self, account: AccountConfig, order: FileOrder, payouts: Iterable[FilePayout], out: BinaryIO
    ) -> None:
        """Write the file; a ``DomainError`` if a field or the totals may not be sent."""

    def drop_place(self, config: Mapping[str, object]) -> DropPlace:
        """Where an account's files are exchanged."""

    def schedule(self, config: Mapping[str, object]) -> FileSchedule:
        """When its files leave and are fetched."""

    def file_name(self, account: AccountConfig, order: FileOrder) -> str:
        """What the file is called in the bank's folder."""

    def file_format(self, head: bytes) -> str:
        """What an inbound file seems to be, by its first bytes."""

    def read_file(
        self, account: AccountConfig, content: BinaryIO, *, bytes_max: int
    ) -> Iterator[FileNews]:
        """Everything it says; ``UnreadableFile`` and nothing else. Counts once it is read whole."""


def texts(config: Mapping[str, object], name: str) -> Mapping[str, str]:
    """A table of texts in a configuration."""
    told = config.get(name)
    return {str(k): str(v) for k, v in told.items()} if isinstance(told, Mapping) else {}
