"""The doors of the house, as its users have them: the API, the console, the provider's own side."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any, Self

import httpx
import pyotp

TIMEOUT_SECONDS = 30
#: A one-time code lives for this long (RFC 6238, 5.2).
STEP_SECONDS = 30
#: Wrong codes are throttled, so a spent one is not tried again at once.
PAUSE_SECONDS = 10
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class DoorClosed(Exception):
    """The house refused what should have been let in."""


class DoorBusy(DoorClosed):
    """The house could not answer just now: a process of it is down and will be back."""


def refusal(answer: httpx.Response) -> DoorClosed:
    """What a status that was not hoped for means, with the words of the page."""
    page = answer.text.partition("<main")[2] or answer.text
    said = " ".join(re.sub(r"<[^>]+>", " ", page).split())[:400]
    kind = DoorBusy if answer.is_server_error else DoorClosed
    return kind(f"{answer.url.path}: {answer.status_code} {said}")


@dataclass(slots=True)
class Api:
    """The API with a service's key. The key alone says which tenant is meant."""

    base_url: str
    key: str

    def get(self, path: str, **query: str) -> Any:
        """The JSON of a page; ``DoorClosed`` on any refusal."""
        answer = httpx.get(
            self.base_url + path, params=query, headers=self._headers(), timeout=TIMEOUT_SECONDS
        )
        if answer.status_code != httpx.codes.OK:
            raise refusal(answer)
        return answer.json()

    def all(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        rows: list[dict[str, Any]] = []
        page = self.get(path, **query)
        while True:
            rows += page["data"]
            if not page["next"]:
                return rows
            page = self.get(page["next"].partition(self.base_url)[2] or page["next"])

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


class Console:
    """A person's browser: forms, cookies, CSRF and all, at the tenant's own host."""

    def __init__(self, base_url: str, host: str) -> None:
        self.client = httpx.Client(
            base_url=base_url,
            headers={"Host": host},
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def page(self, path: str) -> str:
        """The HTML of a page, redirects followed."""
        answer = self._settled(self.client.get(path))
        if answer.status_code != httpx.codes.OK:
            raise refusal(answer)
        return answer.text

    def send(
        self,
        path: str,
        form: dict[str, str],
        *,
        action: str = "",
        files: dict[str, Any] | None = None,
    ) -> httpx.Response:
        """Open the page at ``path``, then send a form to it, or to ``action`` if that is elsewhere.

        A page that shows no form to this person still gives the token of their session.
        """
        page = self._settled(self.client.get(path))
        found = _CSRF.search(page.text)
        token = found.group(1) if found else self.client.cookies.get("ch_csrf", "")
        if not token:
            raise refusal(page)
        return self.post(action or path, form | {"csrfmiddlewaretoken": token}, files)

    def post(
        self, path: str, form: dict[str, str], files: dict[str, Any] | None = None
    ) -> httpx.Response:
        """Send a form; the page it leads to."""
        return self._settled(self.client.post(path, data=form, files=files))

    def sign_in(self, username: str, password: str, second_factor: str = "") -> None:
        """Sign in, with the second factor if the person has one (its TOTP secret, base 32)."""
        answer = self.send("/console/login/", {"username": username, "password": password})
        give_up_at = time.monotonic() + 2 * STEP_SECONDS
        while second_factor and "verify" in answer.url.path:
            answer = self.send(answer.url.path, {"code": one_time_code(second_factor)})
            if "verify" in answer.url.path:  # each code works once; the next one comes soon
                if time.monotonic() > give_up_at:
                    raise refusal(answer)
                time.sleep(PAUSE_SECONDS)
        if "login" in answer.url.path or "ch_session" not in self.client.cookies:
            raise DoorClosed(f"{username} could not sign in")

    def _settled(self, answer: httpx.Response) -> httpx.Response:
        """Follow redirects by hand: the host in them is the tenant's, the socket is ours."""
        while answer.is_redirect:
            answer = self.client.get(httpx.URL(answer.headers["Location"]).raw_path.decode())
        return answer


@dataclass(slots=True)
class Provider:
    """The simulated provider, as its own staff sees it."""

    base_url: str

    def tell(self, path: str, **body: Any) -> dict[str, Any]:
        """Set something up or plant something at the provider."""
        answer = httpx.post(f"{self.base_url}/_control/{path}", json=body, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return dict(answer.json())

    def ask(self, path: str, **query: str) -> Any:
        """Look into the provider's own books."""
        answer = httpx.get(
            f"{self.base_url}/_control/{path}", params=query, timeout=TIMEOUT_SECONDS
        )
        answer.raise_for_status()
        return answer.json()

    def ask_text(self, path: str) -> str:
        """A plain text of the provider's, such as its certificate."""
        answer = httpx.get(f"{self.base_url}/_control/{path}", timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.text

    def statement(self, shortcode: str, key: str, secret: str, since: str) -> bytes:
        """The statement since the day ``since``, downloaded from the organisation portal."""
        answer = httpx.get(
            f"{self.base_url}/portal/{shortcode}/statement.csv",
            params={"from": since} if since else {},
            auth=(key, secret),
            timeout=TIMEOUT_SECONDS,
        )
        answer.raise_for_status()
        return answer.content


def one_time_code(secret: str) -> str:
    """The code an authenticator app would show now (RFC 6238)."""
    return pyotp.TOTP(secret).now()
