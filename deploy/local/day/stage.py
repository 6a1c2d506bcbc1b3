"""What the acts have at hand: the day, the doors, and the terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deploy.local.day.cast import Company
from deploy.local.day.doors import Api, Console, Provider
from deploy.local.day.plan import Day, open_day, save
from deploy.local.day.voice import Voice


@dataclass(slots=True, kw_only=True)
class Stage:
    """One running day."""

    folder: Path
    web_url: str
    provider: Provider
    credentials: dict[str, Any]
    day: Day
    voice: Voice
    domain: str
    timings: dict[str, float] = field(default_factory=dict)

    def api(self, company: Company) -> Api:
        """The API with the company's service key."""
        return Api(self.web_url, self.credentials[company.slug]["api_key"])

    def console(self, company: Company, username: str) -> AbstractContextManager[Console]:
        """A browser in which the person has signed in."""
        known = self.credentials[company.slug]["people"][username]
        browser = Console(self.web_url, f"{company.slug}.{self.domain}")
        browser.sign_in(username, known["password"], known["second_factor"])
        return browser

    def statement(self, company: Company, shortcode: str) -> bytes:
        """The provider's statement since the last one that was fetched, or since the day began."""
        known = self.credentials[company.slug]["mpesa"][shortcode]
        book = self.folder / "statements.json"
        fetched: dict[str, str] = json.loads(book.read_text()) if book.exists() else {}
        content = self.provider.statement(
            shortcode,
            known["consumer_key"],
            known["consumer_secret"],
            fetched.get(shortcode) or _first_day(self.day),
        )
        fetched[shortcode] = _last_day(content)
        book.write_text(json.dumps(fetched))
        return content

    def once(self, name: str, what: Callable[[], None]) -> None:
        """Do it if it has not been done today. It is noted before: twice would be worse."""
        if name not in self.day.notes:
            self.day.notes[name] = True
            self.save()
            what()

    def save(self) -> None:
        """Keep the day's progress."""
        save(self.day, self.folder)


def open_stage(voice: Voice) -> Stage:
    """The stage of the day that is under way, or of a new one."""
    folder = Path(os.environ["DEMO_DATA"])
    return Stage(
        folder=folder,
        web_url=os.environ["PUBLIC_URL"],
        provider=Provider(os.environ["MPESA_BASE_URL"]),
        credentials=json.loads((folder / "credentials.json").read_text()),
        day=open_day(folder),
        voice=voice,
        domain=os.environ["BASE_DOMAIN"],
    )


def _first_day(day: Day) -> str:
    """The date in Nairobi on which the day began: it may have been before midnight."""
    began = datetime.fromisoformat(day.notes["started_at"])
    return began.astimezone(ZoneInfo("Africa/Nairobi")).date().isoformat()


def _last_day(statement: bytes) -> str:
    """The provider's date of the newest line, as ``YYYY-MM-DD``; empty if there is none."""
    newest = [line for line in statement.decode().splitlines() if ",Completed," in line][-1:]
    return newest[0].split(",")[1][:10] if newest else ""
