"""Where files are kept: an S3 bucket or a folder, and in it a room for each tenant.

``STORAGE_URL`` is ``file:///folder`` or ``s3://key:secret@bucket?endpoint=https://…&region=…``
(without key and secret, the machine's own role is used). Names are relative to the tenant's room,
so a name read from one tenant's row cannot reach another's file, and the same name may exist in
every room. Nothing is ever overwritten: a taken name gets a suffix.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage

from apps.platform.errors import FileNameRefused, FileNameTaken, NoTenant
from apps.platform.ids import new_id
from apps.platform.tenant import current_tenant

NAME_MAX = 250
_BAD = ("\\", "\0", "\r", "\n", "//")


class TenantStorage(Storage):
    """Files of the present tenant. Outside of any tenant, and for the platform itself: none."""

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        """Keep ``content`` and return the name it was given."""
        self._at(name or "")
        return super().save(name, content, max_length)

    def _open(self, name: str, mode: str = "rb") -> File:
        return self._store.open(self._at(name), mode)

    def _save(self, name: str, content: File) -> str:
        return self._store.save(self._at(name), content).removeprefix(_room())

    def get_available_name(
        self,
        name: str,
        max_length: int | None = None,  # noqa: ARG002  of the interface
    ) -> str:
        """The store itself finds a free name when it writes, which leaves no moment for a race."""
        return name

    def save_locked(self, name: str, content: bytes, until: datetime) -> datetime | None:
        """Keep ``content`` under exactly this name and ask the store to let nobody change it.

        Answers until when the store refuses to delete or replace it; nothing when it cannot
        promise that (a folder, a bucket without object lock). Saving the same bytes again is the
        same as once; other bytes under a taken name are ``FileNameTaken``.
        """
        return self._store.save_locked(self._at(name), content, until)

    def save_whole(self, name: str, content: bytes) -> None:
        """Keep ``content`` under exactly this name, so that nobody ever sees a part of it.

        Saving the same bytes again is the same as once; other bytes are ``FileNameTaken``.
        """
        self._store.save_whole(self._at(name), content)

    def delete(self, name: str) -> None:
        """Remove the file, if it is there."""
        self._store.delete(self._at(name))

    def exists(self, name: str) -> bool:
        """Whether this tenant has a file of that name."""
        return self._store.exists(self._at(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Folders and files below ``path``; an empty path is the room itself."""
        return self._store.listdir(self._at(path) if path else _room().rstrip("/"))

    def size(self, name: str) -> int:
        """In bytes."""
        return self._store.size(self._at(name))

    def get_modified_time(self, name: str) -> datetime:
        """When it was written, in UTC."""
        return self._store.get_modified_time(self._at(name))

    def url(self, name: str | None) -> str:
        """A link that opens this one file for five minutes; a folder has none (``ValueError``)."""
        return self._store.url(self._at(name or ""))

    def _at(self, name: str) -> str:
        """The name in the shared store."""
        parts = name.split("/")
        if (
            not name
            or len(name) > NAME_MAX
            or any(bad in name for bad in _BAD)
            or any(part in ("", ".", "..") for part in parts)
        ):
            raise FileNameRefused
        return f"{_room()}{name}"

    @property
    def _store(self) -> Any:
        return _store(settings.ENV.storage_url)


def _room() -> str:
    tenant = current_tenant()
    if tenant.is_platform:
        raise NoTenant
    return f"{tenant.id}/"


@cache
def _store(url: str) -> Storage:
    parts = urlsplit(url)
    if parts.scheme == "s3":
        # Its library takes a second to load; a house with a folder never pays for it.
        from apps.platform.storage.bucket import bucket

        return bucket(parts)
    return _folder(parts)


class _Folder(FileSystemStorage):
    """A folder that no web server shows."""

    def save_locked(self, name: str, content: bytes, until: datetime) -> datetime | None:  # noqa: ARG002  of the interface
        """Not writable afterwards; its owner could still."""
        self.save_whole(name, content)
        return None

    def save_whole(self, name: str, content: bytes) -> None:
        """Written under another name, then linked to its own."""
        place = Path(self.path(name))
        if not place.exists():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = place.with_name(f".{place.name}.{new_id()}")
            draft.write_bytes(content)
            draft.chmod(0o400)
            with suppress(FileExistsError):  # another was faster; what it wrote is compared below
                place.hardlink_to(draft)
            draft.unlink()
        if place.read_bytes() != content:
            raise FileNameTaken

    def url(self, name: str | None) -> str:
        """There is none."""
        raise ValueError(f"{name} has no address: it is in a folder")


def _folder(parts: SplitResult) -> Storage:
    """Readable by the program alone."""
    return _Folder(
        location=Path(unquote(parts.path)).resolve(),
        file_permissions_mode=0o600,
        directory_permissions_mode=0o700,
    )
