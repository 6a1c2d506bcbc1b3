"""Keys, secrets and tokens of programs: shown once, kept as hashes, limited, rotated, revoked."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client

from apps.identity.attempts import FailureLimit
from apps.identity.domain import ClientReceipt
from apps.identity.errors import (
    BadNetwork,
    CredentialRefused,
    KeyNotFound,
    TooManyAttempts,
    UnknownScope,
)
from apps.identity.models import AccessToken, ApiKey, ServiceClient
from apps.identity.networks import client_address, is_allowed
from apps.identity.selectors import service_client_by_name
from apps.identity.services import (
    access,
    create_service_client,
    deactivate_service_client,
    forget_expired_tokens,
    issue_access_token,
    issue_api_key,
    limit_service_client,
    principal_of,
    revoke_api_key,
    rotate_api_key,
    rotate_client_secret,
)
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.log_fields import redact
from apps.tenancy.domain import parse_credential
from apps.tenancy.models import Tenant
from tests.identity.people import make_person, signed_in

NOW = "2026-11-23T09:00:00+00:00"
HERE = "10.1.2.3"
TOKEN_URL = "/v1/oauth/token"


@pytest.fixture(autouse=True)
def clean(mara: Tenant) -> Iterator[None]:
    yield
    cache.clear()


@pytest.fixture
def orders() -> ClientReceipt:
    return create_service_client(
        name="orders", scopes=["payments:write", "payments:read"], actor=SYSTEM
    )


def key_of(client: ClientReceipt, **about: Any) -> str:
    return issue_api_key(client=client.id, name="main", actor=SYSTEM, **about).key


def token_of(client: ClientReceipt, secret: str = "", **about: Any) -> str:
    return issue_access_token(
        client_id=client.client_id,
        secret=secret or client.secret,
        address=HERE,
        actor=SYSTEM,
        **about,
    ).token


def works(text: str, address: str = HERE) -> bool:
    try:
        principal_of(text=text, address=address)
    except CredentialRefused:
        return False
    return True


def test_a_credential_names_its_tenant_and_mode_and_hides_its_secret(
    mara: Tenant, orders: ClientReceipt
) -> None:
    for text in (key_of(orders), token_of(orders)):
        parsed = parse_credential(text)
        assert parsed is not None
        assert (parsed.tenant_id, parsed.mode, parsed.text) == (mara.id, "test", text)
        assert text.startswith("ch_test_")
        assert parsed.secret not in repr(parsed)
        assert parsed.secret not in str(redact(None, "", {"event": f"got {text}"}))
    assert parse_credential("ch_test_x") is None


def test_no_secret_is_anywhere_in_the_database(orders: ClientReceipt) -> None:
    secrets = [orders.secret]
    for text in (key_of(orders), token_of(orders)):
        parsed = parse_credential(text)
        assert parsed is not None
        secrets.append(parsed.secret)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE t::text ~ %s', ["|".join(secrets)]
            )
            assert cursor.fetchone() == (0,), table


def test_the_principal_is_the_service_with_the_scopes_of_both(orders: ClientReceipt) -> None:
    key = key_of(orders, scopes=["payments:read"])
    principal = principal_of(text=key, address=HERE)
    assert str(principal.actor) == "service:orders"
    assert principal.actor.id == principal.client_id == orders.id
    assert principal.scopes == {"payments:read"}
    wide = key_of(orders)
    limit_service_client(client=orders.id, scopes=["payments:read"], networks=[], actor=SYSTEM)
    assert principal_of(text=wide, address=HERE).scopes == {"payments:read"}


def test_a_key_never_has_more_than_its_client(orders: ClientReceipt) -> None:
    for scopes in (["ledger:read"], ["everything"]):
        with pytest.raises(UnknownScope):
            key_of(orders, scopes=scopes)
    with pytest.raises(UnknownScope):
        create_service_client(name="x", scopes=["everything"], actor=SYSTEM)
    assert ApiKey.objects.count() == 0


@pytest.mark.parametrize("part", [0, 1, 2, 3, 4])
def test_a_changed_credential_is_refused(orders: ClientReceipt, part: int) -> None:
    for text in (key_of(orders), token_of(orders)):
        parts = text.split("_")
        last = parts[part][-1]
        parts[part] = parts[part][:-1] + ("0" if last != "0" else "1")
        assert works(text)
        assert not works("_".join(parts))
    assert not works(orders.client_id)
    assert not works("")


def test_unknown_and_wrong_both_end_in_one_comparison(
    orders: ClientReceipt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of the answer must not tell whether an id exists."""
    compared = []

    def compare(ours: str, theirs: str) -> bool:
        compared.append((len(ours), len(theirs)))
        return hmac.compare_digest(ours, theirs)

    class Watched:
        compare_digest = staticmethod(compare)

    monkeypatch.setattr(access, "hmac", Watched)
    key = key_of(orders)
    unknown = key.split("_")
    unknown[3] = "k" + "0" * 25 + "1"
    for text in ("_".join(unknown), key[:-1] + "x", key[:-2] + "00", "nonsense"):
        compared.clear()
        assert not works(text)
        assert compared == [(64, 64)]


def test_a_rotated_key_overlaps_with_its_successor(orders: ClientReceipt) -> None:
    with time_machine.travel(NOW, tick=False) as machine:
        first = issue_api_key(client=orders.id, name="main", actor=SYSTEM)
        second = rotate_api_key(key=first.id, actor=SYSTEM, overlap=timedelta(hours=1))
        assert (works(first.key), works(second.key)) == (True, True)
        with pytest.raises(KeyNotFound):
            rotate_api_key(key=first.id, actor=SYSTEM)
        row = service_client_by_name("orders")
        assert row is not None
        assert {key.id: key.state for key in row.keys} == {
            first.id: "ending",
            second.id: "active",
        }
        machine.shift(timedelta(hours=1))
        assert (works(first.key), works(second.key)) == (False, True)


def test_a_rotated_secret_overlaps_too(orders: ClientReceipt) -> None:
    with time_machine.travel(NOW, tick=False) as machine:
        new = rotate_client_secret(client=orders.id, actor=SYSTEM, overlap=timedelta(hours=1))
        assert token_of(orders, new.secret)
        assert token_of(orders, orders.secret)
        machine.shift(timedelta(hours=1))
        assert token_of(orders, new.secret)
        with pytest.raises(CredentialRefused):
            token_of(orders, orders.secret)


def test_revoking_expiring_and_switching_off_end_it_at_once(orders: ClientReceipt) -> None:
    with time_machine.travel(NOW, tick=False) as machine:
        revoked = issue_api_key(client=orders.id, name="a", actor=SYSTEM)
        revoke_api_key(key=revoked.id, actor=SYSTEM)
        revoke_api_key(key=revoked.id, actor=SYSTEM)
        short = key_of(orders, expires_at=clock.now() + timedelta(minutes=1))
        token, lasting = token_of(orders), key_of(orders)
        assert [works(t) for t in (revoked.key, short, token, lasting)] == [False, True, True, True]
        machine.shift(timedelta(minutes=15))
        assert [works(t) for t in (short, token, lasting)] == [False, False, True]
        machine.shift(timedelta(seconds=1))
        assert forget_expired_tokens(actor=SYSTEM) == 1
        assert AccessToken.objects.count() == 0
        token = token_of(orders)
        deactivate_service_client(client=orders.id, actor=SYSTEM)
        assert [works(t) for t in (token, lasting)] == [False, False]
        with pytest.raises(CredentialRefused):
            token_of(orders)


def test_it_works_only_from_its_networks(orders: ClientReceipt) -> None:
    limit_service_client(
        client=orders.id, scopes=["payments:read"], networks=["10.1.0.0/16"], actor=SYSTEM
    )
    key = key_of(orders)
    assert works(key, "10.1.2.3")
    assert works(key, "::ffff:10.1.2.3")
    assert not works(key, "10.2.0.1")
    assert not works(key, "")
    assert is_allowed("2001:db8::1", ["10.0.0.0/8", "2001:db8::/32"])
    with pytest.raises(BadNetwork):
        create_service_client(name="x", scopes=[], networks=["10.1.0.0/99"], actor=SYSTEM)


@pytest.mark.parametrize(
    ("trusted", "chain", "seen"),
    [
        (0, "1.1.1.1", "9.9.9.9"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 2.2.2.2", "1.1.1.1"),
        (2, "1.1.1.1", "9.9.9.9"),
        (1, "", "9.9.9.9"),
    ],
)
def test_the_caller_cannot_choose_the_address_it_is_seen_under(
    settings: Any, rf: Any, trusted: int, chain: str, seen: str
) -> None:
    settings.ENV = replace(settings.ENV, trusted_proxies=trusted)
    request = rf.get("/", REMOTE_ADDR="9.9.9.9", headers={"X-Forwarded-For": chain})
    assert client_address(request) == seen


def test_last_used_is_noted_but_not_at_every_call(orders: ClientReceipt) -> None:
    with time_machine.travel(NOW, tick=False) as machine:
        key = key_of(orders)
        assert works(key)
        first = ApiKey.objects.get()
        assert (first.last_used_at, first.last_used_ip) == (clock.now(), HERE)
        machine.shift(timedelta(minutes=4))
        assert works(key)
        assert ApiKey.objects.get().last_used_at == first.last_used_at
        machine.shift(timedelta(minutes=1))
        assert works(key)
        assert ApiKey.objects.get().last_used_at == clock.now()


# --- over HTTP


def post(**form: str) -> Any:
    return Client(HTTP_HOST="localhost").post(TOKEN_URL, form)


def test_the_token_endpoint_speaks_rfc_6749(orders: ClientReceipt) -> None:
    body = {"client_id": orders.client_id, "client_secret": orders.secret}
    good = post(grant_type="client_credentials", scope="payments:read", **body)
    assert good.status_code == 200
    assert good.json()["token_type"] == "Bearer"
    assert good.json()["expires_in"] == 900
    assert good.json()["scope"] == "payments:read"
    assert "no-store" in good["Cache-Control"]
    assert works(good.json()["access_token"])
    wrong = {
        "unsupported_grant_type": post(grant_type="password", **body),
        "invalid_scope": post(grant_type="client_credentials", scope="ledger:write", **body),
        "invalid_client": post(
            grant_type="client_credentials", **{**body, "client_secret": "0" * 48}
        ),
    }
    assert {code: answer.json()["error"] for code, answer in wrong.items()} == {
        code: code for code in wrong
    }
    assert [answer.status_code for answer in wrong.values()] == [400, 400, 401]
    assert wrong["invalid_client"]["WWW-Authenticate"].startswith("Basic")


def test_guessing_a_secret_is_slowed_down_but_hurts_no_other_caller(orders: ClientReceipt) -> None:
    body = {"grant_type": "client_credentials", "client_id": orders.client_id}
    answers = [post(client_secret="0" * 48, **body).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    assert post(client_secret=orders.secret, **body).status_code == 429
    elsewhere = Client(HTTP_HOST="localhost", REMOTE_ADDR="10.9.9.9")
    good = elsewhere.post(TOKEN_URL, {"client_secret": orders.secret, **body})
    assert good.status_code == 200


def test_without_redis_nobody_guesses(orders: ClientReceipt, settings: Any) -> None:
    down = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": down}
    with pytest.raises(TooManyAttempts):
        FailureLimit("token", 10, 300).check("anybody")


def test_the_scope_of_the_view_is_asked_for(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.tenancy.probe_urls"
    reader = create_service_client(name="reader", scopes=["ledger:read"], actor=SYSTEM)
    headers = {"Authorization": f"Bearer {key_of(reader)}"}
    client = Client(HTTP_HOST="localhost")
    assert client.get("/v1/whose", headers=headers).status_code == 200
    refused = client.post("/v1/whose", headers=headers)
    assert refused.status_code == 403
    assert refused.json()["code"] == "identity/scope-missing"
    assert refused.json()["facts"] == {"required": "ledger:write"}
    assert client.delete("/v1/whose", headers=headers).status_code in {403, 405}
    bad = client.get("/v1/whose", headers={"Authorization": f"Bearer {key_of(reader)[:-1]}0x"})
    assert bad.status_code == 401
    assert bad["WWW-Authenticate"] == 'Bearer realm="api"'


# --- the page


def shown_secrets(page: Any) -> list[str]:
    """What the page shows once, in its order."""
    return list(page.context["secrets"].values())


def test_only_developers_manage_clients_and_a_secret_is_shown_once(mara: Tenant) -> None:
    page = "/console/account/clients"
    viewer = signed_in(make_person("vera", "viewer"))
    assert viewer.get(page).status_code == 403
    assert viewer.post(page, {"name": "x", "scopes": ["ledger:read"]}).status_code == 403
    assert ServiceClient.objects.count() == 0
    browser = signed_in(make_person("dan", "developer"))
    shown = browser.post(
        page, {"name": "orders", "scopes": ["ledger:read"], "networks": "10.0.0.0/8"}
    )
    secret = shown_secrets(shown)[1]
    assert secret in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert secret not in browser.get(page).content.decode()
    client = ServiceClient.objects.get()
    assert client.networks == ["10.0.0.0/8"]
    made = browser.post(f"{page}/{client.id}/keys", {"name": "web"})
    assert works(shown_secrets(made)[0], "10.0.0.1")
    key = ApiKey.objects.get()
    rotated = browser.post(f"/console/account/keys/{key.id}/rotate")
    assert works(shown_secrets(rotated)[0], "10.0.0.1")
    assert browser.post(f"/console/account/keys/{key.id}/revoke").status_code == 302
    assert not works(shown_secrets(made)[0], "10.0.0.1")
    assert browser.get(f"/console/account/keys/{key.id}/revoke").status_code == 405
    assert browser.post(f"{page}/{client.id}/off").status_code == 302
    assert not works(shown_secrets(rotated)[0], "10.0.0.1")
