"""The tests: as local, with the fast hasher for made-up people.

Tests that run side by side (``PYTEST_XDIST_WORKER`` is gw0, gw1, …) have a database each, and here
a number of Redis each.
"""

import os
from urllib.parse import urlsplit

_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker:
    _redis = urlsplit(os.environ["REDIS_URL"])
    os.environ["REDIS_URL"] = _redis._replace(path=f"/{int(_worker[2:]) + 1}").geturl()

from config.settings.local import *  # noqa: E402  the address above is read there

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
