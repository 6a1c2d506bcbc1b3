"""``make check``: every machine-held rule, one after the other, with its time."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

BIN = Path(sys.executable).parent
CODE = ("apps", "config", "deploy", "tests")
CHECKS: dict[str, tuple[str, ...]] = {
    "ruff format": ("ruff", "format", "--check", "."),
    "ruff check": ("ruff", "check", "."),
    "import-linter": ("lint-imports",),
    "hadolint": ("hadolint", "deploy/Dockerfile"),
    "mypy": ("mypy", *CODE),
    "django check": ("python", "manage.py", "check"),
    "migrations": ("python", "manage.py", "makemigrations", "--check", "--dry-run"),
}


def main() -> int:
    """Run them all, so that one failure does not hide another; show what the failing ones said."""
    failed = [name for name, command in CHECKS.items() if not passes(name, command)]
    if failed:
        print(f"\nNot in order: {', '.join(failed)}.")
    return 1 if failed else 0


def passes(name: str, command: tuple[str, ...]) -> bool:
    """Run one and print its line."""
    start = time.monotonic()
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    verdict = "ok" if done.returncode == 0 else "FAILED"
    print(f"  {name:<16}{verdict:<8}{time.monotonic() - start:6.1f} s", flush=True)
    if done.returncode != 0:
        print(done.stdout, flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
