"""Running PostgreSQL when we are root, which it refuses to be.

Nothing is changed on the machine: no user is added, no folder outside our data is touched. Three
ways are tried, because containers differ in what they allow:

1. A user namespace, in which root looks like ``nobody`` and files stay root's. Docker's default
   profile and chroots refuse it.
2. Becoming ``nobody`` but keeping the one capability to read past folder permissions, so that a
   checkout below a private home still works. ``no_setuid_fixup`` is needed because PostgreSQL
   examines its own program with access(2), which otherwise ignores capabilities.
3. Becoming ``nobody`` plainly, which works where every folder on the way may be entered by all.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.local.refusals import Refused


@dataclass(frozen=True, kw_only=True)
class Disguise:
    """How to start a program that must not be root, and whose files it then reads and writes."""

    name: str
    prefix: tuple[str, ...] = ()
    uid: int
    gid: int

    def own(self, folder: Path) -> None:
        """Give the folder and all below it to the program, if they are not already its own."""
        if folder.stat().st_uid == self.uid:
            return
        for path in (*folder.rglob("*"), folder):  # the folder last: it says that all is done
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def disguise_for(program: Path, folder: Path) -> Disguise:
    """The first way that can start the program with the folder in reach."""
    for way in ways():
        if works(way, program, folder):
            return way
    raise Refused(
        "PostgreSQL does not run as root and no way to drop privileges works on this machine. "
        "Run as a normal user, or set DATABASE_URL."
    )


def ways() -> Iterator[Disguise]:
    """Every way this process may try, best first."""
    if os.geteuid() != 0:
        yield Disguise(name="ourselves", uid=os.geteuid(), gid=os.getegid())
        return
    user = pwd.getpwnam("nobody")
    # The death signal is set last: changing credentials clears the one the parent asked for.
    end_with_parent = ("--pdeathsig", "INT")
    become = ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    keep = "-all,+dac_override"
    yield Disguise(
        name="user namespace",
        prefix=(
            *("unshare", "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}"),
            *("setpriv", *end_with_parent),
        ),
        uid=0,
        gid=0,
    )
    yield Disguise(
        name="capability",
        prefix=(
            *(*become, "--securebits=+no_setuid_fixup"),
            *(f"--inh-caps={keep}", f"--ambient-caps={keep}", *end_with_parent),
        ),
        uid=user.pw_uid,
        gid=user.pw_gid,
    )
    yield Disguise(
        name="plain",
        prefix=(*become, *end_with_parent),
        uid=user.pw_uid,
        gid=user.pw_gid,
    )


def works(way: Disguise, program: Path, folder: Path) -> bool:
    """Whether the program starts this way and can enter the folder."""
    script = 'cd "$2" && exec "$1" -V'
    try:
        done = subprocess.run(
            [*way.prefix, "sh", "-c", script, "sh", str(program), str(folder)],
            capture_output=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
