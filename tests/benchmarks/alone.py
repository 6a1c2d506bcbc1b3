"""The door without its lanes: each request in a transaction of its own, some at a time.

What the door is measured against; ``granian --interface asgi tests.benchmarks.alone:application``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import count
from typing import Any

import config.asgi  # noqa: F401  sets the process up
from apps.ledger.rpc.application import application as door
from apps.ledger.rpc.lanes import Lanes
from apps.ledger.rpc.service import Door

#: As many as the machine's fastest number of connections was in the measurements.
CONNECTIONS = 8


class Alone(Lanes[Any, Any, Any]):
    """A lane for each request."""

    def __init__(self, work: Callable[[Any, Sequence[Any]], Sequence[Any]]) -> None:
        super().__init__(lambda name, questions: work(name[0], questions), CONNECTIONS)
        self._numbers = count()

    async def ask(self, name: Hashable, question: Any, weight: int = 1) -> Any:
        """Nobody gathers with anybody."""
        return await super().ask((name, next(self._numbers)), question, weight)


application = door(Door(Alone))
