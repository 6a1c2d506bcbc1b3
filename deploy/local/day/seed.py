"""Before the day: tenants, people, credentials, provider accounts and opening balances.

Everything here is asked for again at each start and done once. The sign-ins are made up on the
first start and kept, readable by their owner only, in ``<data>/credentials.json``.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

import django
import pyotp

from deploy.local.day.cast import (
    COMPANIES,
    PEOPLE,
    Company,
    Person,
)
from deploy.local.day.doors import Provider

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from apps.identity.selectors import person_by_username  # noqa: E402
from apps.identity.services import (  # noqa: E402
    confirm_second_factor,
    create_user,
    enrol_second_factor,
    seed_roles,
)
from apps.platform.actors import SYSTEM  # noqa: E402
from apps.tenancy.contexts import inside  # noqa: E402
from apps.tenancy.domain import TenantMode  # noqa: E402
from apps.tenancy.selectors import tenant_by_slug  # noqa: E402
from apps.tenancy.services import provision_tenant  # noqa: E402

API_SCOPES = ("ledger:read", "payments:read", "payments:write", "settlements:read")


def main() -> None:
    """Set the stage, and print who can sign in where."""
    data = Path(os.environ["DEMO_DATA"])
    kept = Credentials(data / "credentials.json")
    provider = Provider(os.environ["MPESA_BASE_URL"])
    certificate = provider.ask_text("certificate")
    for company in COMPANIES:
        _provide(company, kept, provider, certificate)
    kept.save()
    print(_sign_ins(kept), flush=True)


class Credentials:
    """What the demo's people and programs know, by company."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def of(self, slug: str) -> dict[str, Any]:
        """One company's."""
        return self.known.setdefault(slug, {"people": {}})

    def save(self) -> None:
        """Write them down for their owner only, whole or not at all."""
        new = self.path.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(self.known, indent=1))
        new.replace(self.path)


def _provide(company: Company, kept: Credentials, provider: Provider, certificate: str) -> None:
    if tenant_by_slug(company.slug) is None:
        provision_tenant(
            slug=company.slug,
            name=company.name,
            functional_currency=company.functional_currency,
            zone="Africa/Nairobi",
            mode=TenantMode.TEST,
            domains=[f"{company.slug}.{os.environ['BASE_DOMAIN']}"],
            actor=SYSTEM,
        )
    tenant = tenant_by_slug(company.slug)
    assert tenant is not None  # provisioned above
    known = kept.of(company.slug)
    with inside(tenant):
        seed_roles(actor=SYSTEM)
        for person in PEOPLE:
            _admit(person, known["people"])
            kept.save()
        _connect_services(company, known)
        kept.save()
        _open_books(company)
        _open_provider_accounts(company, known, provider, certificate)


def _admit(person: Person, known: dict[str, Any]) -> None:
    """Make the account, with a second factor where the role asks for one."""
    if person_by_username(person.username) is not None:
        return
    password = f"{person.username}-{secrets.token_hex(8)}"
    known[person.username] = {"password": password, "second_factor": ""}
    user_id = create_user(
        username=person.username,
        full_name=person.full_name,
        password=password,
        roles=[person.role],
        actor=SYSTEM,
    )
    if person.needs_second_factor:
        draft = enrol_second_factor(user_id=user_id, actor=SYSTEM)
        code = pyotp.TOTP(draft.secret).now()
        confirm_second_factor(user_id=user_id, code=code, actor=SYSTEM)
        known[person.username]["second_factor"] = draft.secret
