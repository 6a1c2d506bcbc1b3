"""The local PostgreSQL: a socket and no network port, one database, durable or fast."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from deploy.local.binaries import postgres_folder
from deploy.local.privileges import Disguise, disguise_for
from deploy.local.process import Spec
from deploy.local.refusals import Refused
from deploy.local.state import State

DATABASE = "countinghouse"
IS_THERE = "SELECT 1 FROM pg_database WHERE datname = 'countinghouse'"
PORT = 5432  # it only names the socket
SOCKET_FOLDER_BYTES_MAX = 88  # sockaddr_un holds 107; "/.s.PGSQL.5432.lock" needs 19 of them
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


class PostgreSQL:
    """Only this user, and root, can reach the socket, so it asks for no password."""

    name = "postgres"

    def __init__(self, state: State, *, durable: bool) -> None:
        self.state = state
        self.durable = durable
        self.programs = postgres_folder()
        self.data = state.folder / "pg"

    @cached_property
    def disguise(self) -> Disguise:
        """Who it runs as; found once, by trying."""
        return disguise_for(self.programs / "postgres", self.state.folder)

    @property
    def socket_folder(self) -> Path:
        """The data folder itself, unless its path is too long for a socket address."""
        if _fits_a_socket(self.data):
            return self.data
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        name = f"countinghouse-{os.geteuid()}-{digest}"
        usual = Path(tempfile.gettempdir()) / name
        return usual if _fits_a_socket(usual) else Path("/tmp") / name  # noqa: S108  checked below

    def prepare(self) -> None:
        """Make the data folder the first time, whole or not at all."""
        if self.disguise.name == "plain":
            self.state.folder.chmod(0o711)  # it has to walk through
        if not self.data.exists():
            self._make_data()
        self.disguise.own(self.data)
        if self.socket_folder != self.data:
            self._make_socket_folder()

    def spec(self) -> Spec:
        settings = [
            "max_connections=200",
            "shared_buffers=128MB",
            "shared_preload_libraries=pg_stat_statements",
            "timezone=UTC",
            "log_timezone=UTC",
            *(() if self.durable else FAST),
        ]
        return Spec(
            name=self.name,
            argv=(
                *(*self.disguise.prefix, str(self.programs / "postgres")),
                *("-D", str(self.data), "-p", str(PORT), "-h", "", "-k", str(self.socket_folder)),
                *(part for setting in settings for part in ("-c", setting)),
            ),
            log=self.state.log(self.name),
            rank=0,
            # Fast shutdown. SIGTERM would wait for every client to leave by itself.
            stop_signal=signal.SIGINT,
            grace_seconds=30.0,
        )

    def is_ready(self) -> bool:
        """Whether it answers and our database is there; the first time it is made here."""
        answer = self._client("psql", "-XtA", "-d", "postgres", "-c", IS_THERE)
        if answer.returncode != 0:
            return False
        if not answer.stdout.strip():
            return self._client("createdb", DATABASE).returncode == 0
        return True

    def environment(self) -> dict[str, str]:
        host = quote(str(self.socket_folder))
        return {"DATABASE_URL": f"postgresql://postgres@/{DATABASE}?host={host}&port={PORT}"}

    def folders_elsewhere(self) -> tuple[Path, ...]:
        """The socket's, where the data folder's path is too long for one."""
        return () if self.socket_folder == self.data else (self.socket_folder,)

    def _client(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        where = ("-h", str(self.socket_folder), "-p", str(PORT), "-U", "postgres")
        return subprocess.run(
            [str(self.programs / program), *where, *arguments],
            capture_output=True,
            check=False,
            start_new_session=True,
        )

    def _make_data(self) -> None:
        """Fill a folder beside the real one and rename it: a half-made one is never mistaken."""
        draft = self.state.folder / "pg.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self.disguise.own(draft)
        command = [
            *(*self.disguise.prefix, str(self.programs / "initdb")),
            *("-D", str(draft), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
            *("--auth-local=trust", "--auth-host=scram-sha-256"),
            *(() if self.durable else ("--no-sync",)),
        ]
        log = self.state.log("initdb")
        with log.open("wb") as output:
            done = subprocess.run(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                check=False,
                start_new_session=True,
            )
        if done.returncode != 0:
            raise Refused(f"PostgreSQL could not make its data folder; {log} says why.")
        draft.rename(self.data)

    def _make_socket_folder(self) -> None:
        """In a folder that everyone may write to, so be sure that it is ours."""
        self.socket_folder.mkdir(mode=0o700, exist_ok=True)
        found = self.socket_folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), self.disguise.uid}:
            raise Refused(f"{self.socket_folder} belongs to another user: remove it.")
        self.disguise.own(self.socket_folder)


def _fits_a_socket(folder: Path) -> bool:
    return len(os.fsencode(folder)) <= SOCKET_FOLDER_BYTES_MAX
