"""The door's process: posting, holds and balances over ConnectRPC."""

import sys

import django

from config import telemetry

# What answers requests and what commits them are two threads of one interpreter. With the usual
# 5 ms, whoever waited for the database would wait as long again to be let on.
SWITCH_SECONDS = 0.0005

telemetry.set_up("door")
django.setup()

from apps.ledger.rpc.application import application as door  # noqa: E402  needs Django's apps
from apps.tenancy.boot import refuse_to_start  # noqa: E402

sys.setswitchinterval(SWITCH_SECONDS)
refuse_to_start()
application = door()
