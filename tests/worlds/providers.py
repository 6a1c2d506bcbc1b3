"""Which providers the one simulator process plays, and under which path each of them answers.

A new provider is a package with an ``open_provider(data, seed)`` function and one line in
``PROVIDERS``. A client is given ``http://127.0.0.1:<port><prefix>`` as its base address.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tests.worlds.daraja import provider as daraja
from tests.worlds.paypal import provider as paypal
from tests.worlds.server import Request, Response
from tests.worlds.stripe import provider as stripe


class Provider(Protocol):
    """One simulated provider: answers requests, works in the background, closes cleanly."""

    def answer(self, request: Request) -> Response: ...

    def start(self) -> None: ...

    def close(self) -> None: ...


Opener = Callable[[Path, int], Provider]

#: Path prefix and opener. Daraja's paths start at the root, so it comes last and takes the rest.
PROVIDERS: tuple[tuple[str, Opener], ...] = (
    ("/stripe", stripe.open_provider),
    ("/paypal", paypal.open_provider),
    ("", daraja.open_provider),
)


class Switchboard:
    """Hands each request to the provider whose prefix its path carries."""

    def __init__(self, data: Path, seed: int) -> None:
        self._mounted = [(prefix, opener(data, seed)) for prefix, opener in PROVIDERS]

    def start(self) -> None:
        for _, provider in self._mounted:
            provider.start()

    def close(self) -> None:
        for _, provider in self._mounted:
            provider.close()

    def answer(self, request: Request) -> Response:
        for prefix, provider in self._mounted:
            if request.path.startswith(f"{prefix}/"):
                return provider.answer(request.below(prefix))
        return Response.json({"error": "no provider answers here"}, status=404)
