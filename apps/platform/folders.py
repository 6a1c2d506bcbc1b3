"""Drop folders: where files are handed over to somebody and fetched from them.

A folder never shows a part of a file, and a file put there is never replaced. When it cannot be
known whether a file arrived, that is said (``ArrivalUnknown``) and never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]  # has no stubs

from apps.platform.errors import DomainError, FileNameTaken, Kind
from apps.platform.storage import TenantStorage

#: What a file is called while it is being written; whoever fetches leaves such files alone.
PART = ".part"
_UNFINISHED = (PART, ".tmp", ".filepart")
_FAILURES = (OSError, BotoCoreError, ClientError)


@dataclass(eq=False, kw_only=True)
class FolderUnreachable(DomainError):
    """The drop folder could not be used, and nothing was put there."""

    code = "platform/folder-unreachable"
    kind = Kind.UNAVAILABLE
    advice = "Check address, host key and credentials of the folder, and whether the bank is up."

    folder: str
    problem: str


@dataclass(eq=False, kw_only=True)
class ArrivalUnknown(DomainError):
    """The connection was lost while a file was handed over: it may have arrived or not."""

    code = "platform/arrival-unknown"
    kind = Kind.UNAVAILABLE

    folder: str
    problem: str


@dataclass(frozen=True, slots=True)
class FolderItem:
    """A file somebody put there. ``modified_at`` is nothing if the folder does not tell."""

    name: str
    size: int
    modified_at: datetime | None


class Folder(Protocol):
    """A place to hand files over. Every method may raise ``FolderUnreachable``."""

    def items(self) -> Sequence[FolderItem]:
        """The files there by name, unfinished ones too (see ``is_unfinished``)."""

    def read(self, name: str, bytes_max: int) -> bytes:
        """The file's bytes; more than ``bytes_max`` are not read, and one more shows it."""

    def put(self, name: str, content: bytes) -> None:
        """Hand a file over. ``FolderUnreachable``: it is not there. ``ArrivalUnknown``: perhaps."""

    def remove(self, name: str) -> None:
        """Take a file away, if it is there."""


def is_unfinished(name: str) -> bool:
    """Whether somebody is still writing it."""
    return name.startswith(".") or name.endswith(_UNFINISHED)


@dataclass(frozen=True, slots=True)
class StoredFolder:
    """A folder in the tenant's room of the object store."""

    path: str

    def items(self) -> Sequence[FolderItem]:
        """See ``Folder``."""
        store = TenantStorage()
        try:
            names = store.listdir(self.path)[1]
        except FileNotFoundError:
            return []
        except _FAILURES as failure:
            raise self._unreachable(failure) from failure
        found = []
        for name in sorted(names):
            with suppress(FileNotFoundError):  # fetched by the other side meanwhile
                at = f"{self.path}/{name}"
                found.append(FolderItem(name, store.size(at), store.get_modified_time(at)))
        return found

    def read(self, name: str, bytes_max: int) -> bytes:
        """See ``Folder``."""
        try:
            with TenantStorage().open(f"{self.path}/{name}") as file:
                content: bytes = file.read(bytes_max + 1)
        except _FAILURES as failure:
            raise self._unreachable(failure) from failure
        return content

    def put(self, name: str, content: bytes) -> None:
        """See ``Folder``. A store that fails does not say how far it came."""
        try:
            TenantStorage().save_whole(f"{self.path}/{name}", content)
        except FileNameTaken:
            raise
        except _FAILURES as failure:
            raise ArrivalUnknown(folder=self.path, problem=type(failure).__name__) from failure

    def remove(self, name: str) -> None:
        """See ``Folder``."""
        try:
            TenantStorage().delete(f"{self.path}/{name}")
        except _FAILURES as failure:
            raise self._unreachable(failure) from failure

    def _unreachable(self, failure: Exception) -> FolderUnreachable:
        return FolderUnreachable(folder=self.path, problem=type(failure).__name__)
