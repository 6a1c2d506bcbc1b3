"""What every tenant starts with, told by the apps that know it.

Tenancy stands below them and may not ask. Each app registers a use case from its ``apps.py``; it
runs inside a new tenant, in the transaction that makes it, and again inside every tenant when a
release is rolled out. It must therefore be safe to repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from apps.platform.actors import Actor


class Seed(Protocol):
    """A use case that puts in what is missing."""

    def __call__(self, *, actor: Actor) -> object:
        """Work inside the present tenant."""


_seeds: dict[str, Seed] = {}


def register_seed(name: str, seed: Callable[..., object]) -> None:
    """Have ``seed(actor=…)`` run inside every tenant. Seeds run in the order of registration."""
    _seeds[name] = seed


def sow(actor: Actor) -> None:
    """Run every seed inside the present tenant."""
    for seed in _seeds.values():
        seed(actor=actor)
