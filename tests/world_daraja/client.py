"""A plain Daraja client and a callback receiver, written from the portal text for these tests."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PASSKEY = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"
TIMESTAMP = "20261122153045"
PASSWORD = "Pa55#word"
WAIT_SECONDS = 8.0

Json = dict[str, Any]
T = TypeVar("T")


def until(look: Callable[[], T]) -> T:
    """The first truthy answer of ``look``."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return found


class Receiver:
    """Records what is posted to it, by path, and answers as told."""

    def __init__(self, port: int = 0) -> None:
        self.heard: list[tuple[str, Json]] = []
        self.answers: dict[str, Json] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.heard.append((self.path, json.loads(raw, parse_float=Decimal)))
                body = json.dumps(
                    receiver.answers.get(self.path, {"ResultCode": 0, "ResultDesc": "Accepted"})
                ).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path: str) -> list[Json]:
        return [body for where, body in list(self.heard) if where == path]

    def wait(self, path: str, count: int = 1) -> list[Json]:
        """At least ``count`` messages at a path."""
        until(lambda: len(self.at(path)) >= count)
        return self.at(path)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Tenant:
    """One organisation with its own app credentials at the provider."""

    def __init__(self, url: str, shortcode: str, receiver: Receiver, **registration: Any) -> None:
        bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # plain http: loads no certificates
        self.http = httpx.Client(base_url=url, timeout=15, trust_env=False, verify=bare)
        self.shortcode, self.receiver = shortcode, receiver
        self.key, self.secret = f"key-{shortcode}", f"secret-{shortcode}"
        self.control(
            "accounts",
            shortcode=shortcode,
            name=f"Organisation {shortcode}",
            passkey=PASSKEY,
            consumer_key=self.key,
            consumer_secret=self.secret,
            initiator="operator",
            initiator_password=PASSWORD,
            **{"opening_balances_minor": {"utility": 1_000_000_00}, **registration},
        )
        self.token = self.new_token()

    def new_token(self) -> str:
        answer = self.http.get(
            "/oauth/v1/generate",
            params={"grant_type": "client_credentials"},
            auth=(self.key, self.secret),
        )
        return str(answer.json()["access_token"])

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.http.post(path, json=body, headers={"Authorization": f"Bearer {self.token}"})

    def control(self, _path: str, **body: Any) -> Json:
        answer = self.http.post(f"/_control/{_path}", json=body)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    def read(self, path: str) -> Json:
        answer = self.http.get(f"/_control/{path}", params={"shortcode": self.shortcode})
        return dict(answer.json())

    def transactions(self, kind: str = "") -> list[Json]:
        rows = self.read("transactions")["transactions"]
        return [row for row in rows if kind in {"", row["kind"]}]

    def total_minor(self) -> int:
        return int(self.read("books")["organisations_minor"][self.shortcode]["total"])

    def password(self) -> str:
        return base64.b64encode(f"{self.shortcode}{PASSKEY}{TIMESTAMP}".encode()).decode()

    def credential(self, password: str = PASSWORD) -> str:
        pem = self.http.get("/_control/certificate").content
        key = x509.load_pem_x509_certificate(pem).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        return base64.b64encode(key.encrypt(password.encode(), padding.PKCS1v15())).decode()

    def push(self, phone: str, path: str = "/cb", **changes: Any) -> httpx.Response:
        body = {
            "BusinessShortCode": self.shortcode,
            "Password": self.password(),
            "Timestamp": TIMESTAMP,
            "TransactionType": "CustomerPayBillOnline",
            "Amount": "1500",
            "PartyA": phone,
            "PartyB": self.shortcode,
            "PhoneNumber": phone,
            "CallBackURL": self.receiver.url(path),
            "AccountReference": "INV-1001",
            "TransactionDesc": "Invoice",
        }
        return self.post("/mpesa/stkpush/v1/processrequest", **{**body, **changes})

    def query(self, checkout_id: str) -> httpx.Response:
        return self.post(
            "/mpesa/stkpushquery/v1/query",
            BusinessShortCode=self.shortcode,
            Password=self.password(),
            Timestamp=TIMESTAMP,
            CheckoutRequestID=checkout_id,
        )

    def pay_out(self, originator: str, phone: str, path: str = "/r", **changes: Any) -> Any:
        body = {
            "OriginatorConversationID": originator,
            "InitiatorName": "operator",
            "SecurityCredential": self.credential(),
            "CommandID": "BusinessPayment",
            "Amount": "2000",
            "PartyA": self.shortcode,
            "PartyB": phone,
            "Remarks": "Payout",
            "QueueTimeOutURL": self.receiver.url(f"{path}/timeout"),
            "ResultURL": self.receiver.url(path),
            "Occassion": "Day",
        }
        return self.post("/mpesa/b2c/v3/paymentrequest", **{**body, **changes})

    def operate(self, api: str, path: str, command: str, **changes: Any) -> Json:
        """An asynchronous operation: send it, wait for its Result, answer that."""
        body = {
            "Initiator": "operator",
            "SecurityCredential": self.credential(),
            "CommandID": command,
            "PartyA": self.shortcode,
            "IdentifierType": "4",
            "Remarks": "ok",
            "QueueTimeOutURL": self.receiver.url(f"{path}/timeout"),
            "ResultURL": self.receiver.url(path),
        }
        answer = self.post(api, **{**body, **changes})
        assert answer.json()["ResponseCode"] == "0", answer.text
        result = self.receiver.wait(path)[-1]["Result"]
        assert result["ConversationID"] == answer.json()["ConversationID"]
        return dict(result)

    def status(self, path: str, **which: str) -> Json:
        api = "/mpesa/transactionstatus/v1/query"
        return self.operate(api, path, "TransactionStatusQuery", **which)

    def reverse(self, path: str, **changes: str) -> Json:
        receiving = {"ReceiverParty": self.shortcode, "RecieverIdentifierType": "11"}
        api = "/mpesa/reversal/v1/request"
        return self.operate(api, path, "TransactionReversal", **receiving, **changes)


def parameters(result: Json) -> Json:
    """The parameters of a Result by key; a key without a value reads as nothing."""
    rows = result["ResultParameters"]["ResultParameter"]
    return {row["Key"]: row.get("Value") for row in rows}
