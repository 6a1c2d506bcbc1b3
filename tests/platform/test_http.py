"""After a call we have the answer, or know that nothing left us, or know that we do not know."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import REGISTRY

from apps.platform import ssrf
from apps.platform.errors import Kind
from apps.platform.http import AddressRefused, AnswerLost, HttpClient, NotSent
from tests.platform.peers import Behaviour, certificate, peer, reset

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n"
BODY = b'{"done": 1}'


def says(*parts: bytes, then: Callable[[socket.socket], None] | None = None) -> Behaviour:
    def behave(connection: socket.socket, request: bytes) -> None:
        for part in parts:
            connection.sendall(part)
        if then:
            then(connection)

    return behave


def leads_to(*addresses: str) -> ssrf.Resolver:
    return lambda _host, _port: addresses


def trickles(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.05)


def drips_its_headers(connection: socket.socket, request: bytes) -> None:
    for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 100:
        connection.sendall(bytes([letter]))
        time.sleep(0.05)


def never_ends(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def test_a_whole_answer_whatever_its_status() -> None:
    with peer(says(OK, BODY)) as other:
        exchange = HttpClient().send("POST", other.url("/pay"), json={"a": 1})
    assert (exchange.status, exchange.body, exchange.sent) == (200, BODY, True)
    assert exchange.headers["content-type"] == "application/json"
    assert 0 < exchange.elapsed_seconds < 5
    assert other.requests[0].startswith(b"POST /pay HTTP/1.1\r\n")
    assert other.requests[0].endswith(b'\r\n\r\n{"a":1}')
    with peer(says(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")) as other:
        assert HttpClient().send("GET", other.url()).status == 503


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    with peer(says(moved)) as other:
        exchange = HttpClient().send("GET", other.url())
    assert (exchange.status, len(other.requests)) == (302, 1)
    assert exchange.headers["location"] == "http://169.254.169.254/"


def test_cookies_are_not_carried_from_one_call_to_the_next() -> None:
    baked = b"HTTP/1.1 200 OK\r\nSet-Cookie: tenant=a; Path=/\r\nContent-Length: 0\r\n\r\n"
    with peer(says(baked)) as other:
        for _ in range(2):
            HttpClient().send("GET", other.url())
    assert len(other.requests) == 2
    assert b"cookie" not in b"".join(other.requests).lower()


def test_every_call_has_a_connection_of_its_own() -> None:
    with peer(says(OK, BODY, then=lambda _: time.sleep(0.2))) as other:
        for _ in range(2):
            assert HttpClient().send("GET", other.url()).status == 200
    assert len(other.requests) == 2


# --- nothing left us


def refused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return int(unused.getsockname()[1])


def no_such_name(host: str, port: int) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_a_refused_connection_sent_nothing() -> None:
    with pytest.raises(NotSent) as refused:
        HttpClient().send("POST", f"http://127.0.0.1:{refused_port()}/", json={})
    assert (refused.value.host, refused.value.reason) == ("127.0.0.1", "ConnectError")
    assert refused.value.record["method"] == "POST"


def test_a_name_nobody_has_sent_nothing() -> None:
    with pytest.raises(NotSent):
        HttpClient(resolver=no_such_name).send("GET", "http://nobody.test/")
    with pytest.raises(NotSent):
        HttpClient(resolver=leads_to()).send("GET", "http://nobody.test/")
    with pytest.raises(NotSent):
        HttpClient().send("GET", "http://name.invalid/")


def test_a_connection_that_is_never_taken_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as full:
        port = full.getsockname()[1]
        fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        with pytest.raises(NotSent) as late:
            HttpClient(connect_seconds=0.5).send("GET", f"http://127.0.0.1:{port}/")
        for filler in fillers:
            filler.close()
    assert late.value.reason == "ConnectTimeout"


def test_the_second_address_is_tried_when_the_first_does_not_answer() -> None:
    with peer(says(OK, BODY)) as other:
        client = HttpClient(resolver=leads_to("127.0.0.2", "127.0.0.1"))
        assert client.send("GET", other.url(host="two.test")).status == 200


def test_a_certificate_we_do_not_trust_sent_nothing(tmp_path: Path) -> None:
    tls, _ = certificate(tmp_path, "peer.test")
    with peer(says(OK, BODY), tls) as other:
        client = HttpClient(resolver=leads_to("127.0.0.1"))
        with pytest.raises(NotSent):
            client.send("POST", other.url(host="peer.test"), json={"amount": 1})
    assert other.requests == []


def test_a_certificate_of_another_name_sent_nothing(tmp_path: Path) -> None:
    tls, authority = certificate(tmp_path, "peer.test")
    with peer(says(OK, BODY), tls) as other:
        client = HttpClient(ca_file=authority, resolver=leads_to("127.0.0.1"))
        with pytest.raises(NotSent):
            client.send("POST", other.url(host="other.test"), json={"amount": 1})
    assert other.requests == []


def test_a_handshake_that_breaks_off_sent_nothing() -> None:
    def hangs_up(connection: socket.socket, request: bytes) -> None:
        reset(connection)

    with peer(hangs_up) as other, pytest.raises(NotSent):
        HttpClient().send("POST", other.url().replace("http:", "https:"), json={})


@pytest.mark.parametrize("url", ["ftp://peer.test/", "nonsense", "http://", "http://[::1/"])
def test_an_address_that_is_none_sent_nothing(url: str) -> None:
    with pytest.raises(NotSent):
        HttpClient().send("GET", url)


def test_a_header_that_would_break_the_request_sent_nothing() -> None:
    with peer(says(OK, BODY)) as other, pytest.raises(NotSent):
        HttpClient().send("GET", other.url(), headers={"X-A": "1\r\nX-B: 2"})
    assert other.requests == []


# --- something left us


@pytest.mark.parametrize(
    ("behave", "reason"),
    [
        (says(), "RemoteProtocolError"),
        (says(then=reset), "ReadError"),
        (says(OK[:20]), "RemoteProtocolError"),
        (says(OK[:20], then=reset), "ReadError"),
        (says(OK, BODY[:5]), "RemoteProtocolError"),
        (says(OK, BODY[:5], then=reset), "ReadError"),
        (says(b"nonsense\r\n\r\n"), "RemoteProtocolError"),
        (says(then=lambda _: time.sleep(3)), "ReadTimeout"),
        (says(OK, BODY[:5], then=lambda _: time.sleep(3)), "ReadTimeout"),
        (never_ends, "TooLarge"),
    ],
)
def test_a_request_that_was_read_and_not_wholly_answered_is_unknown(
    behave: Behaviour, reason: str
) -> None:
    with peer(behave) as other, pytest.raises(AnswerLost) as lost:
        HttpClient().send("POST", other.url("/pay"), json={"a": 1}, timeout_seconds=0.5)
    assert other.requests[0].endswith(b'{"a":1}')
    assert lost.value.reason == reason
    assert lost.value.record["request_body"] == '{"a": 1}'
    assert lost.value.kind is not Kind.UNAVAILABLE


@pytest.mark.parametrize("behave", [trickles, drips_its_headers])
def test_an_answer_that_trickles_does_not_hold_us(behave: Behaviour) -> None:
    started = time.monotonic()
    with peer(behave) as other, pytest.raises(AnswerLost) as lost:
        HttpClient(connect_seconds=0.2).send("GET", other.url(), timeout_seconds=0.5)
    assert lost.value.reason == "ReadTimeout"
    assert time.monotonic() - started < 2


def test_a_request_only_half_read_is_unknown_too() -> None:
    def reads_a_little(connection: socket.socket, request: bytes) -> None:
        reset(connection)

    with peer(reads_a_little) as other, pytest.raises(AnswerLost):
        HttpClient().send("POST", other.url(), data=b"x" * 5_000_000)


# --- strangers' addresses


def test_the_address_that_was_looked_at_is_the_one_that_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, authority = certificate(tmp_path, "hooks.test")
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    monkeypatch.setattr(ssrf, "is_public", lambda address: address == "127.0.0.1")
    with peer(says(OK, BODY), tls) as other:
        wall = ssrf.Wall(ports=frozenset({other.port}))
        client = HttpClient(ssrf_guard=True, wall=wall, ca_file=authority, resolver=rebinding)
        assert client.send("POST", other.url("/in", "hooks.test"), json={}).status == 200
        with pytest.raises(AddressRefused):
            client.send("POST", other.url("/in", "hooks.test"), json={})
    assert asked == ["hooks.test", "hooks.test"]
    assert other.names == ["hooks.test"]
    assert f"Host: hooks.test:{other.port}\r\n".encode() in other.requests[0]
    assert len(other.requests) == 1


def test_a_guarded_client_calls_nobody_at_home() -> None:
    with peer(says(OK, BODY)) as other:
        for url in (other.url(), f"https://127.0.0.1:{other.port}/", "https://localhost/"):
            with pytest.raises(AddressRefused) as refused:
                HttpClient(ssrf_guard=True).send("GET", url)
            assert refused.value.kind is Kind.INVALID
    assert other.requests == []


# --- what is kept of it


def test_the_record_holds_no_secret_and_no_person() -> None:
    said = b'{"phone": 254712345678, "access_token": "tok-1", "note": "card 4111 1111 1111 1111"}'
    head = f"HTTP/1.1 200 OK\r\nSet-Cookie: s=1\r\nContent-Length: {len(said)}\r\n\r\n".encode()
    with peer(says(head, said)) as other:
        exchange = HttpClient().send(
            "POST",
            other.url("/pay?token=abc&page=2").replace("//", "//me:pw@"),
            json={"Password": "hunter2", "PartyA": 254712345678, "inner": [{"passkey": "pk-9"}]},
            headers={"Authorization": "Bearer tok-0", "X-Api-Key": "key-7"},
        )
    record = exchange.redacted()
    text = json.dumps(record)
    for secret in ("hunter2", "254712345678", "pk-9", "tok-", "key-7", "abc", "4111", "pw", "s=1"):
        assert secret not in text, secret
    assert record["status"] == 200
    assert record["url"].endswith("/pay?token=***&page=2")
    assert json.loads(record["request_body"])["inner"] == [{"passkey": "***"}]
    assert json.loads(record["body"])["access_token"] == "***"


def test_a_form_is_covered_too_and_long_bodies_are_cut() -> None:
    with peer(says(OK, BODY)) as other:
        exchange = HttpClient().send(
            "POST", other.url(), data={"password": "hunter2", "text": "x" * 9000}
        )
    record = exchange.redacted()
    assert record["request_body"].startswith("password=***&text=xxx")
    assert len(record["request_body"]) == 4096


def test_the_trace_goes_along_and_the_time_is_counted() -> None:
    def counted(outcome: str) -> float:
        labels = {"peer": "bank", "outcome": outcome}
        return REGISTRY.get_sample_value("house_http_client_seconds_count", labels) or 0

    before = counted("2xx"), counted("answer-lost")
    tracer = TracerProvider().get_tracer("tests")
    with peer(says(OK, BODY)) as other, tracer.start_as_current_span("here") as span:
        HttpClient(peer="bank").send("GET", other.url(), auth=("me", "pw"))
        trace_id = format(span.get_span_context().trace_id, "032x")
    assert f"traceparent: 00-{trace_id}-".encode() in other.requests[0].lower()
    assert b"Authorization: Basic bWU6cHc=\r\n" in other.requests[0]
    with peer(says()) as other, pytest.raises(AnswerLost):
        HttpClient(peer="bank").send("GET", other.url())
    assert (counted("2xx"), counted("answer-lost")) == (before[0] + 1, before[1] + 1)
    assert trace.get_current_span().get_span_context().is_valid is False
