"""A wire between clients and PostgreSQL that can be cut, slowed, blocked, and can lose answers."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

CHUNK_BYTES = 65_536
LISTENS_SECONDS = 5.0
#: How long a request whose answer is to be lost may run before both ends hear that the wire is cut.
LOST_AFTER_SECONDS = 0.1
LOOK_SECONDS = 0.02


@dataclass(slots=True)
class Weather:
    """What happens on the wire at present. Everything off is a fair day."""

    refuses: bool = False
    blocks_answers: bool = False
    #: Share of requests that arrive and are carried out, and whose answer never comes back.
    loses_answers: float = 0.0
    delay_seconds: float = 0.0


@dataclass(slots=True)
class Proxy:
    """Listens on a socket of its own in ``folder`` and speaks to the server's. Use as a context."""

    folder: Path
    server: Path
    random: random.Random
    weather: Weather = field(default_factory=Weather)
    #: Answers lost so far: a fault that never struck proves nothing.
    lost: int = 0
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None

    @property
    def socket(self) -> Path:
        """Where clients connect, named as libpq expects it."""
        return self.folder / self.server.name

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(LISTENS_SECONDS)

    def cut(self) -> None:
        """Break every connection that there is; new ones may come."""

        async def abort() -> None:
            for end in list(self._ends):
                end.transport.abort()

        self._do(abort())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(LISTENS_SECONDS)

    async def _listen(self) -> None:
        await asyncio.start_unix_server(self._join, self.socket)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry both directions until one of them ends; then both do, or a client hangs."""
        if self.weather.refuses:
            writer.transport.abort()
            return
        try:
            answers, requests = await asyncio.open_unix_connection(self.server)
        except OSError:
            writer.transport.abort()
            return
        ends, is_mute = {writer, requests}, asyncio.Event()
        self._ends |= ends
        ways = [
            asyncio.ensure_future(self._requests(reader, requests, is_mute)),
            asyncio.ensure_future(self._answers(answers, writer, is_mute)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for end in ends:
            end.transport.abort()
        self._ends -= ends

    async def _requests(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_mute: asyncio.Event
    ) -> None:
        while chunk := await source.read(CHUNK_BYTES):
            await asyncio.sleep(self.random.random() * 2 * self.weather.delay_seconds)
            if self.random.random() < self.weather.loses_answers:
                is_mute.set()
            sink.write(chunk)
            await sink.drain()
            if is_mute.is_set():
                self.lost += 1
                await asyncio.sleep(LOST_AFTER_SECONDS)
                return

    async def _answers(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_mute: asyncio.Event
    ) -> None:
        while chunk := await source.read(CHUNK_BYTES):
            while self.weather.blocks_answers:
                await asyncio.sleep(LOOK_SECONDS)
            if not is_mute.is_set():
                sink.write(chunk)
                await sink.drain()
