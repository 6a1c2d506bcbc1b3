"""Drop folders over SFTP (SSH File Transfer Protocol, version 3).

The host key is pinned: a server that shows another is not spoken to. A file is written under a
temporary name and then renamed; a plain rename never replaces a file. Each call is a connection of
its own, with one deadline for all of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import asyncssh

from apps.platform.folders import PART, ArrivalUnknown, FolderItem, FolderUnreachable

T = TypeVar("T")
_FAILURES = (OSError, asyncssh.Error, TimeoutError, ValueError)
_BLOCK = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpPlace:
    """Where and as whom. ``host_key`` is a line of an OpenSSH public key; ``key`` our private one,
    read at the last moment.
    """

    host: str
    port: int
    user: str
    host_key: str
    key: Callable[[], str]
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class SftpFolder:
    """One folder on the server. See ``Folder``."""

    place: SftpPlace
    path: str

    def items(self) -> Sequence[FolderItem]:
        """The plain files there."""

        async def listed(sftp: asyncssh.SFTPClient) -> list[FolderItem]:
            return [
                FolderItem(
                    str(entry.filename),
                    entry.attrs.size or 0,
                    datetime.fromtimestamp(entry.attrs.mtime, UTC) if entry.attrs.mtime else None,
                )
                for entry in await sftp.readdir(self.path)
                if entry.attrs.type == asyncssh.FILEXFER_TYPE_REGULAR
            ]

        return sorted(self._run(listed), key=lambda item: item.name)

    def read(self, name: str, bytes_max: int) -> bytes:
        """In blocks, and no further than asked."""

        async def fetched(sftp: asyncssh.SFTPClient) -> bytes:
            content = bytearray()
            async with sftp.open(self._at(name), "rb") as file:
                while len(content) <= bytes_max:
                    block = await file.read(_BLOCK)
                    if not block:
                        break
                    content += block if isinstance(block, bytes) else block.encode()
            return bytes(content[: bytes_max + 1])

        return self._run(fetched)

    def put(self, name: str, content: bytes) -> None:
        """Until the rename is asked for, a failure proves that the file is not there."""
        is_renaming = False

        async def handed(sftp: asyncssh.SFTPClient) -> None:
            nonlocal is_renaming
            async with sftp.open(self._at(name) + PART, "wb") as file:
                await file.write(content)
            is_renaming = True
            await sftp.rename(self._at(name) + PART, self._at(name))

        try:
            self._run(handed)
        except FolderUnreachable as failure:
            if is_renaming:
                raise ArrivalUnknown(folder=self.path, problem=failure.problem) from failure
            raise

    def remove(self, name: str) -> None:
        """If it is there."""

        async def removed(sftp: asyncssh.SFTPClient) -> None:
            if await sftp.exists(self._at(name)):
                await sftp.remove(self._at(name))

        self._run(removed)

    def _at(self, name: str) -> str:
        if "/" in name or name in ("", ".", ".."):
            raise ValueError("a name in a folder has no path")
        return f"{self.path}/{name}"

    def _run(self, work: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T:
        async def within() -> T:
            async with asyncio.timeout(self.place.timeout_seconds), _connected(self.place) as sftp:
                return await work(sftp)

        try:
            return asyncio.run(within())
        except _FAILURES as failure:
            problem = f"{type(failure).__name__}: {failure}"[:200]
            raise FolderUnreachable(folder=self.path, problem=problem) from failure


@asynccontextmanager
async def _connected(place: SftpPlace) -> AsyncIterator[asyncssh.SFTPClient]:
    async with (
        asyncssh.connect(
            place.host,
            place.port,
            username=place.user,
            known_hosts=([asyncssh.import_public_key(place.host_key)], [], []),
            client_keys=[asyncssh.import_private_key(place.key())],
            agent_path=None,
            config=None,
            connect_timeout=place.timeout_seconds,
        ) as connection,
        connection.start_sftp_client() as sftp,
    ):
        yield sftp
