"""A demo on real servers whose own processes are stand-ins, for the tests beside this file.

``python -m tests.local.stand_in FOLDER`` behaves as ``make demo`` does; ``ONCE`` and ``DAY_CODE``
in the environment choose whether it stays and how its day ends.
"""

from __future__ import annotations

import sys
from pathlib import Path

from deploy.local.__main__ import guarded
from deploy.local.apps import Programme, Settings
from deploy.local.demo import demo, is_once
from deploy.local.say import Voice

WEB = """
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""
# A worker with a child of its own that does not listen to reason.
WORKER = """
import signal, subprocess, sys, time
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(999)"
subprocess.Popen([sys.executable, "-c", child], start_new_session="simulators" in sys.argv)
if "simulators" not in sys.argv: time.sleep(999)
"""


DAY = "import os; print('a day'); exit(int(os.environ.get('DAY_CODE', 0)))"
SEED = "import os; print('amina signs in'); exit(os.environ.get('SEED_FAILS'))"


def programme(settings: Settings) -> Programme:
    """The same parts as the real one. Words after the code tell the processes apart."""
    python = (sys.executable, "-c")
    return Programme(
        simulators=(*python, WORKER + WEB, str(settings.simulators_port), "simulators"),
        migrate=(*python, "pass"),
        seed=(*python, SEED),
        house={
            "web": (*python, WEB, str(settings.web_port)),
            "worker": (*python, WORKER, "a worker"),
        },
        day=(*python, DAY),
    )


if __name__ == "__main__":
    sys.exit(guarded(lambda: demo(Voice(), Path(sys.argv[1]), once=is_once(), programme=programme)))
