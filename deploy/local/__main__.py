"""The commands of the local stack.

python -m deploy.local services           start the servers, print their addresses, stay
python -m deploy.local run -- COMMAND...  run a command on servers of its own, then remove them
python -m deploy.local test -- ARGS...    the same with pytest
python -m deploy.local demo               a business day, on data kept in var/demo
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local.demo import demo, is_once
from deploy.local.refusals import Interrupted, Refused
from deploy.local.say import Voice
from deploy.local.stack import BYTECODE, ROOT, kept, thrown_away

USAGE = 2


def main(arguments: Sequence[str]) -> int:
    """Run one command; answer with the exit code."""
    command, *rest = arguments or ("",)
    words = rest[1:] if rest[:1] == ["--"] else rest
    return guarded(lambda: obey(command, words))


def guarded(work: Callable[[], int]) -> int:
    """Turn a refusal into a sentence, and an interruption into the shell's code for it."""
    try:
        return work()
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    except Interrupted as interrupted:
        return 128 + interrupted.signal_number


def obey(command: str, words: Sequence[str]) -> int:
    """Find the command, or say which there are."""
    match command:
        case "services" if not words:
            return services(_folder("services"))
        case "run" if words[:2] == ["--durable", "--"]:
            return run(words[2:], durable=True)
        case "run" if words:
            return run(words)
        case "test":
            return run([sys.executable, "-m", "pytest", *words])
        case "demo" if not words:
            return demo(Voice(), _folder("demo"), once=is_once())
    print(__doc__, file=sys.stderr)
    return USAGE


def services(folder: Path) -> int:
    """Print the addresses in the form a shell reads, then stay until told to stop."""
    with kept(folder, Voice()) as stack:
        for name in sorted(stack.environment.keys() - os.environ.keys()):
            print(f"export {name}={shlex.quote(stack.environment[name])}", flush=True)
        try:
            while True:
                stack.supervisor.tick()
        except Interrupted:
            return 0


def run(command: Sequence[str], *, durable: bool = False) -> int:
    """Run a command on throw-away servers and answer with its exit code."""
    with thrown_away(Voice(quiet=True), durable=durable) as stack:
        return stack.supervisor.foreground(command, {**stack.environment, **BYTECODE}, None)


def _folder(name: str) -> Path:
    """Where a kept stack lives: ``var/`` of this checkout, or of the folder named."""
    return Path(os.environ.get("LOCAL_DATA", ROOT / "var")).resolve() / name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
