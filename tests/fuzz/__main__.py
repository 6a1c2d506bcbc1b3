"""``python -m tests.fuzz SECONDS [TARGET…]``: each target in a process of its own under atheris.

A case that breaks a reader is written to ``tests/fuzz/corpus/<target>/``; mend the reader and keep
the case: ``test_corpus.py`` runs them all for ever.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
#: What a process may take beyond its time, to load and to finish a case.
STARTING_SECONDS = 60


def main() -> int:
    seconds, *names = sys.argv[1:] or ["20"]
    if os.environ.get("FUZZ_TARGET"):
        return _fuzz(os.environ["FUZZ_TARGET"], seconds)
    if not names:
        listed = [sys.executable, "-c", f"{_SETUP}\nprint(*TARGETS)"]
        names = subprocess.run(listed, check=True, text=True, capture_output=True).stdout.split()
    failed = [name for name in names if _child(name, seconds)]
    sys.stdout.write(f"{len(names)} targets, {seconds} s each; broken: {failed or 'none'}\n")
    return bool(failed)


_SETUP = "import django; django.setup(); from tests.fuzz.targets import TARGETS"


def _child(name: str, seconds: str) -> int:
    command = [sys.executable, "-m", "tests.fuzz", seconds]
    environment = os.environ | {"FUZZ_TARGET": name}
    try:
        done = subprocess.run(
            command, env=environment, check=False, capture_output=True, text=True,
            timeout=int(seconds) + STARTING_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        sys.stdout.write(f"{name}: did not end by itself\n")
        return 1
    told = [line for line in done.stderr.splitlines() if "Done" in line or "ERROR" in line]
    sys.stdout.write(f"{name}: {told[-1] if told else done.stderr[-2000:]}\n")
    return done.returncode


def _fuzz(name: str, seconds: str) -> int:
    """Does not return: the fuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["apps.payments.connectors", "apps.settlements"]):
        import django

        django.setup()
        from tests.fuzz.targets import TARGETS

    target, good = TARGETS[name]
    found = CORPUS / name
    found.mkdir(parents=True, exist_ok=True)
    seeds = Path(os.environ.get("TMPDIR", "/tmp")) / f"fuzz-seeds-{name}"  # noqa: S108  grows with each run
    seeds.mkdir(exist_ok=True)
    (seeds / "good").write_bytes(good)
    atheris.Setup(
        [sys.argv[0], f"-max_total_time={seconds}", "-max_len=4096", "-rss_limit_mb=2048",
         "-timeout=10", f"-artifact_prefix={found}/", str(seeds)],
        target,
    )  # fmt: skip
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
