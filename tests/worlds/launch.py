"""Running the simulated providers as a child process, for tests and for the demonstration day."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 15.0


class Simulator:
    """One ``python -m tests.worlds`` over a data folder; to stop, kill and restart."""

    def __init__(self, data: Path, *, seed: int = 1, port: int = 0) -> None:
        self._data, self._seed, self._port = data, seed, port
        self._child: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        """Start and wait until it listens. A restart takes the port it had before."""
        ready = self._data / "address"
        ready.unlink(missing_ok=True)
        self._data.mkdir(parents=True, exist_ok=True)
        options = {"port": self._port, "data": self._data, "seed": self._seed, "ready-file": ready}
        command = [sys.executable, "-m", "tests.worlds"]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        self._child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            if self._child.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError("the simulated providers did not start")
            time.sleep(0.02)
        self.url = ready.read_text().strip()
        self._port = int(self.url.rsplit(":", 1)[1])

    def stop(self) -> int:
        """Ask it to end; answers its exit code."""
        if self._child is None:
            return 0
        self._child.terminate()
        return self._child.wait(timeout=START_SECONDS)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
