"""Run the simulated providers: ``python -m tests.worlds --port 0 --data DIR --seed N``."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from tests.worlds.providers import Switchboard
from tests.worlds.server import Server


def main() -> None:
    """Serve until SIGTERM or SIGINT; what is due later is found again at the next start."""
    options = _options()
    options.data.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    switchboard = Switchboard(options.data, options.seed)
    server = Server(options.port, switchboard.answer)
    switchboard.start()
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    print(f"listening on {server.url}", flush=True)
    if options.ready_file:
        _announce(options.ready_file, server.url)
    stop.wait()
    server.shutdown()
    serving.join()
    server.server_close()
    switchboard.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.worlds", description="Simulated providers.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--data", type=Path, required=True, help="where the books are kept")
    parser.add_argument("--seed", type=int, default=1, help="decides receipts and identifiers")
    parser.add_argument("--ready-file", type=Path, help="the address is written here when up")
    return parser.parse_args()


def _announce(path: Path, url: str) -> None:
    """Write the whole address at once, so that a reader never sees half of it."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(f"{url}\n")
    draft.replace(path)


if __name__ == "__main__":
    main()
