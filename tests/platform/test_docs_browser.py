"""The documentation as a browser sees it: it works under our policy and asks nobody else."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection

from apps.tenancy.models import Tenant

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt install chromium"),
]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def address(committed_mara: Tenant, settings: Any) -> Iterator[str]:
    settings.ROOT_URLCONF = "tests.platform.api_world"
    application = get_wsgi_application()

    def answer(environ: Any, start_response: Any) -> Any:
        try:
            return list(application(environ, start_response))
        finally:
            connection.close()

    server = make_server("127.0.0.1", 0, answer, server_class=Server, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://mara.localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/v1/docs", "Ring something up"),
        ("/v1/docs/swagger#/till", "/v1/till/rings/{id}"),
        ("/v1/docs/problems", "platform/idempotency-key-reused"),
    ],
)
def test_a_page_of_the_documentation(address: str, path: str, shown: str) -> None:
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            page = browser.new_page()
            page.on("console", lambda line: complaints.append(line.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            page.goto(address + path)
            page.get_by_text(shown).first.wait_for(timeout=20_000)
            page.wait_for_timeout(500)
        finally:
            browser.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
