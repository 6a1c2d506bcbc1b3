"""``manage.py make_seal_key`` makes a key to sign heads of the chain with."""

from __future__ import annotations

import base64
import json
from argparse import ArgumentParser
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management.base import BaseCommand, CommandError

from apps.ledger.services.sealing import KEYS


class Command(BaseCommand):
    """Prints what goes to the keeper of secrets, and what goes to whoever verifies.

    To rotate: store the new ``key_…`` beside the old, then change ``current``.
    """

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The key's name."""
        parser.add_argument("id", help="a name such as 2026a: letters and digits")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make one; nothing is stored."""
        id = options["id"]
        if not id.isalnum():
            raise CommandError("the name of a key is letters and digits")
        key = Ed25519PrivateKey.generate()
        kept = {"current": id, f"key_{id}": _text(key.private_bytes_raw())}
        public = _text(key.public_key().public_bytes_raw())
        self.stdout.write(f"For the keeper of secrets:\n{json.dumps({KEYS: kept}, indent=1)}")
        self.stdout.write(f"For whoever verifies:\n--key {id}={public}")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
