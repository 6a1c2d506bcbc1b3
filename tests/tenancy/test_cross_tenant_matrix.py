"""Everything a person or program of one tenant may hold, tried at another tenant: all refused.

One row for each way in. Each row also shows that the thing works at home, so that a refusal means
"not yours" and not "broken". The matrix is printed at the end (``pytest -s``).
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from apps.identity.models import User
from apps.identity.services import create_service_client, issue_api_key
from apps.ledger.services import open_account
from apps.platform.actors import SYSTEM
from apps.platform.errors import FileNameRefused, NoTenant
from apps.platform.messaging.tenants import find_place, ready_places
from apps.platform.tenant import database
from apps.tenancy.contexts import inside, on_platform
from apps.tenancy.domain import TenantState
from apps.tenancy.models import Tenant
from apps.tenancy.selectors import ready_tenants
from tests.identity.people import make_person, signed_in

ENGINES = ("db", "cache", "cached_db", "signed_cookies")
SCOPES = ["ledger:read"]
PAGE = "/console/account/password"
MATRIX: list[tuple[str, str, str]] = []


@dataclass(frozen=True)
class Ours:
    """What each tenant holds: a person, a program, a key."""

    tenant: Tenant
    user: User
    key: str
    client_id: str
    secret: str

    @property
    def host(self) -> str:
        return f"{self.tenant.slug}.localhost"

    def credential(self, kind: str) -> str:
        if kind == "key":
            return self.key
        body = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.secret,
        }
        return str(Client(HTTP_HOST="localhost").post(TOKEN_URL, body).json()["access_token"])


TOKEN_URL = "/v1/oauth/token"


@pytest.fixture(scope="module", autouse=True)
def printed() -> Iterator[None]:
    """The whole table, when all rows have run."""
    yield
    width = max((len(what) for what, _, _ in MATRIX), default=0)
    print(f"\n{'what is tried':{width}}  at home  abroad")
    for what, home, abroad in MATRIX:
        print(f"{what:{width}}  {home:7}  {abroad}")
    print(f"{len(MATRIX)} cells; every one refused abroad")


@pytest.fixture
def both(db: None, settings: Any) -> Iterator[tuple[Ours, Ours]]:
    """Mara's and Baobab's, made as alike as can be."""
    settings.ROOT_URLCONF = "tests.tenancy.probe_urls"
    database.set_schema_to_public()
    mara, baobab = (Tenant.objects.get(slug=slug) for slug in ("mara", "baobab"))
    yield _ours(mara), _ours(baobab)
    cache.clear()


def _ours(tenant: Tenant) -> Ours:
    with inside(tenant):
        user = make_person("amina", "viewer")
        client = create_service_client(name="orders", scopes=SCOPES, actor=SYSTEM)
        key = issue_api_key(client=client.id, name="k", actor=SYSTEM).key
        return Ours(tenant, user, key, client.client_id, client.secret)


def cell(what: str, home: object, abroad: object) -> None:
    MATRIX.append((what, str(home), str(abroad)))


def whose(text: str, host: str = "localhost", path: str = "", **headers: str) -> Any:
    prefix = f"/t/{path}" if path else ""
    return Client(HTTP_HOST=host).get(
        f"{prefix}/v1/whose", headers={"Authorization": f"Bearer {text}", **headers}
    )


# --- sessions


@pytest.mark.parametrize("keys", ["tenant", "plain"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_session_opens_only_its_own_tenant(
    both: tuple[Ours, Ours], settings: Any, engine: str, keys: str
) -> None:
    """With the same user id and password hash in both, and with a cache that knows no tenants."""
    mara, baobab = both
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    if keys == "plain":
        plain = {**settings.CACHES["default"], "KEY_FUNCTION": None}
        settings.CACHES = {"default": plain}
    with inside(baobab.tenant):
        User.objects.filter(id=baobab.user.id).delete()
        User.objects.bulk_create(
            [
                User(
                    id=mara.user.id,
                    username="amina",
                    full_name="Amina of Baobab",
                    person="amina",
                    password=mara.user.password,
                )
            ]
        )
    browser = signed_in(mara.user, mara.host)
    cookies = browser.cookies.copy()
    assert browser.get(PAGE).status_code == 200
    abroad = browser.get(PAGE, headers={"Host": baobab.host})
    assert abroad.status_code == 302
    assert "login" in abroad["Location"]
    browser.cookies.update(cookies)
    platform = browser.get("/platform/account/password", headers={"Host": "localhost"})
    assert platform.status_code == 302
    cell(f"session: {engine}, {keys} cache keys, twin user", 200, "302 to sign-in")


# --- keys and tokens, and what else the request says


@pytest.mark.parametrize("kind", ["key", "token"])
def test_a_credential_decides_and_everything_else_may_only_confirm(
    both: tuple[Ours, Ours], kind: str
) -> None:
    """Every combination of host, path and header with Mara's credential: only agreement passes."""
    text = both[0].credential(kind)
    hosts = {"mara.localhost": "mara", "baobab.localhost": "baobab", "localhost": ""}
    names = ("", "mara", "baobab")
    for host, path, header in itertools.product(hosts, names, (*names, "nobody")):
        answer = whose(text, host, path, **({"X-Tenant": header} if header else {}))
        if {hosts[host], path, header} <= {"", "mara"}:
            assert answer.json() == {"tenant": "mara", "client": "service:orders"}
            continue
        assert answer.status_code == 400
        assert answer.json()["code"] == "tenancy/tenant-conflict"
        cell(f"{kind}: host {host}, path {path or '-'}, header {header or '-'}", 200, 400)


@pytest.mark.parametrize("kind", ["key", "token"])
def test_a_credential_rewritten_to_name_another_tenant_proves_nothing(
    both: tuple[Ours, Ours], kind: str
) -> None:
    ours, theirs = (each.credential(kind) for each in both)
    parts = ours.split("_")
    parts[2] = theirs.split("_")[2]
    assert whose(ours).status_code == 200
    abroad = whose("_".join(parts))
    assert abroad.status_code == 401
    parts[2] = "0" * 26
    assert whose("_".join(parts)).status_code == 401
    cell(f"{kind}: the other tenant's id written in", 200, abroad.status_code)


def test_a_client_gets_no_token_at_another_tenant(both: tuple[Ours, Ours]) -> None:
    mara, baobab = both
    body = {"grant_type": "client_credentials", "client_id": mara.client_id}
    proof = base64.b64encode(f"{mara.client_id}:{mara.secret}".encode()).decode()
    basic = {"Authorization": f"Basic {proof}"}
    for form, headers in (({**body, "client_secret": mara.secret}, {}), (body, basic)):
        at_home = Client(HTTP_HOST=mara.host).post(TOKEN_URL, form, headers=headers)
        abroad = Client(HTTP_HOST=baobab.host).post(TOKEN_URL, form, headers=headers)
        assert (at_home.status_code, abroad.status_code) == (200, 400)
        cell(f"client secret: {'basic' if headers else 'body'}", 200, 400)


@pytest.mark.parametrize(
    ("host", "path", "header", "status"),
    [
        ("localhost", "", "", 401),
        ("localhost", "", "mara", 400),
        ("localhost", "mara", "", 401),
        ("mara.localhost", "baobab", "", 400),
        ("mara.localhost", "", "baobab", 400),
        ("nobody.localhost", "", "", 404),
        ("localhost", "nobody", "", 404),
        ("platform.localhost", "", "", 401),
    ],
)
def test_nothing_is_served_without_a_credential(
    both: tuple[Ours, Ours], host: str, path: str, header: str, status: int
) -> None:
    headers = {"X-Tenant": header} if header else {}
    prefix = f"/t/{path}" if path else ""
    answer = Client(HTTP_HOST=host).get(f"{prefix}/v1/whose", headers=headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    cell(f"no credential: host {host}, path {path or '-'}, header {header or '-'}", "", status)


def test_a_session_is_no_credential_for_the_api(both: tuple[Ours, Ours]) -> None:
    browser = signed_in(both[0].user, both[0].host)
    assert browser.get("/v1/whose").status_code == 401
    cell("session: at the API of its own tenant", "", 401)


# --- cache, files


def test_a_cache_key_is_another_key_in_another_tenant(both: tuple[Ours, Ours]) -> None:
    mara, baobab = both
    with inside(mara.tenant):
        cache.set("search:PAY-1", "mara's")
        assert cache.get("search:PAY-1") == "mara's"
    with inside(baobab.tenant):
        assert cache.get("search:PAY-1") is None
    assert cache.get("search:PAY-1") is None
    database.set_schema("t_mara")  # a schema without a tenant: nobody's keys
    with pytest.raises(NoTenant):
        cache.get("search:PAY-1")
    database.set_schema_to_public()
    cell("cache: the same key", "found", "nothing; platform nothing; no tenant refused")


def test_a_file_name_is_another_file_in_another_tenant(both: tuple[Ours, Ours]) -> None:
    mara, baobab = both
    with inside(mara.tenant):
        name = default_storage.save("statement.csv", ContentFile(b"mara's"))
        assert default_storage.open(name).read() == b"mara's"
    with inside(baobab.tenant):
        assert not default_storage.exists(name)
        assert default_storage.save("statement.csv", ContentFile(b"baobab's"))
        assert default_storage.open("statement.csv").read() == b"baobab's"
        for way in (f"../{mara.tenant.id}/{name}", f"../{mara.tenant.id.hex}/{name}", "../../x"):
            with pytest.raises(FileNameRefused):
                default_storage.open(way)
        default_storage.delete("statement.csv")
    with inside(mara.tenant):
        assert default_storage.open(name).read() == b"mara's"
        default_storage.delete(name)
    cell("file: the same name", "read", "not there")


def test_a_reference_is_found_only_in_its_own_tenant(both: tuple[Ours, Ours]) -> None:
    with inside(both[0].tenant):
        open_account(
            code="1999", name="Mara only", account_class="asset", currency="KES", actor=SYSTEM
        )
    pages = {
        ours.tenant.slug: signed_in(ours.user, ours.host).get("/console/search", {"q": "1999"})
        for ours in both
    }
    assert b"Mara only" in pages["mara"].content
    assert pages["baobab"].status_code == 200
    assert b"Mara only" not in pages["baobab"].content
    cell("search: the reference of another tenant", "found", "nothing")


# --- a tenant that is not ready


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        (TenantState.PROVISIONING, 503, "tenancy/tenant-not-ready"),
        (TenantState.SUSPENDED, 503, "tenancy/tenant-not-ready"),
        (TenantState.CLOSED, 410, "tenancy/tenant-closed"),
    ],
)
def test_a_tenant_that_is_not_ready_is_not_served_through_any_door(
    both: tuple[Ours, Ours], state: TenantState, status: int, code: str
) -> None:
    mara, baobab = both
    token = baobab.credential("token")
    browser = signed_in(baobab.user, baobab.host)
    with on_platform():
        Tenant.objects.filter(id=baobab.tenant.id).update(state=state)
    doors = {
        "session": browser.get(PAGE),
        "sign-in page": Client(HTTP_HOST=baobab.host).get("/console/login/"),
        "path": Client(HTTP_HOST="localhost").get("/t/baobab/console/login/"),
        "key": whose(baobab.key),
        "token": whose(token),
    }
    for door, answer in doors.items():
        assert answer.status_code == status, door
        cell(f"{state}: {door}", "", status)
    assert doors["key"].json()["code"] == code
    assert whose(mara.key).json()["tenant"] == "mara"
    assert "baobab" not in {tenant.slug for tenant in ready_tenants()}
    assert "baobab" not in {place.slug for place in ready_places()}
    place = find_place("baobab")
    assert place is None or not place.is_ready
    cell(f"{state}: sweep, relay, consumer", "", "left out")
