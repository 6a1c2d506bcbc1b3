"""Drop folders over SFTP, against a real server: the host is who it is, no file is half there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from apps.platform.folders import ArrivalUnknown, FolderUnreachable
from apps.platform.sftp import SftpFolder, SftpPlace

OURS = asyncssh.generate_private_key("ssh-ed25519")
THEIRS = asyncssh.generate_private_key("ssh-ed25519")
STRANGER = asyncssh.generate_private_key("ssh-ed25519")


class Server(asyncssh.SSHServer):
    """Lets one key in."""

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == "house" and key.public_data == OURS.public_data


class Dropping(asyncssh.SFTPServer):
    """Loses the connection when it is asked to rename ``lost``: before or after it is done."""

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        if b"after" in oldpath:
            super().rename(oldpath, newpath)
        if b"lost" in oldpath:
            self.channel.get_connection().abort()
            raise asyncssh.SFTPConnectionLost("gone")
        super().rename(oldpath, newpath)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SftpPlace, Path]]:
    room = tmp_path_factory.mktemp("sftp")
    (room / "out").mkdir()
    ready, ports, loop = threading.Event(), list[int](), asyncio.new_event_loop()

    async def begin() -> None:
        server = await asyncssh.create_server(
            Server, "127.0.0.1", 0, server_host_keys=[THEIRS],
            sftp_factory=lambda channel: Dropping(channel, chroot=str(room).encode()),
        )  # fmt: skip
        ports.append(server.get_port())
        ready.set()

    def serve() -> None:
        loop.run_until_complete(begin())
        loop.run_forever()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(10)
    yield (
        SftpPlace(
            host="127.0.0.1", port=ports[0], user="house", timeout_seconds=10,
            host_key=THEIRS.export_public_key().decode(),
            key=lambda: OURS.export_private_key().decode(),
        ),
        room / "out",
    )  # fmt: skip
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def test_files_are_put_whole_listed_read_and_removed(place: tuple[SftpPlace, Path]) -> None:
    folder, room = SftpFolder(place[0], "out"), place[1]
    content = bytes(range(256)) * 400
    folder.put("a.xml", content)
    assert [(one.name, one.size) for one in folder.items()] == [("a.xml", len(content))]
    assert (room / "a.xml").read_bytes() == folder.read("a.xml", 10**6) == content
    assert len(folder.read("a.xml", 1_000)) == 1_001
    with pytest.raises(ArrivalUnknown):
        folder.put("a.xml", b"another")  # a taken name is never replaced
    assert (room / "a.xml").read_bytes() == content
    for name in ("a.xml", "a.xml.part", "never-there"):
        folder.remove(name)
    assert list(folder.items()) == []
    with pytest.raises(FolderUnreachable):
        folder.read("../../etc/passwd", 10)


def test_a_server_with_another_key_is_not_spoken_to(place: tuple[SftpPlace, Path]) -> None:
    pinned = replace(place[0], host_key=STRANGER.export_public_key().decode())
    not_ours = replace(place[0], key=lambda: STRANGER.export_private_key().decode())
    for wrong in (pinned, not_ours, replace(place[0], port=1), replace(place[0], host_key="x")):
        with pytest.raises(FolderUnreachable):
            SftpFolder(wrong, "out").put("b.xml", b"x")
    assert not (place[1] / "b.xml").exists()


@pytest.mark.parametrize("name", ["lost-before.xml", "lost-after.xml"])
def test_a_connection_lost_at_the_rename_proves_nothing(
    place: tuple[SftpPlace, Path], name: str
) -> None:
    with pytest.raises(ArrivalUnknown):
        SftpFolder(place[0], "out").put(name, b"x")
    assert (place[1] / name).exists() == ("after" in name)


def test_until_the_rename_a_failure_proves_that_nothing_is_there(
    place: tuple[SftpPlace, Path],
) -> None:
    with pytest.raises(FolderUnreachable) as refused:
        SftpFolder(place[0], "no-such-folder").put("c.xml", b"x")
    assert not isinstance(refused.value, ArrivalUnknown)
