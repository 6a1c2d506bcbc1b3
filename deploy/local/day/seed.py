"""Before the day: tenants, people, credentials, provider accounts and opening balances.

Everything here is asked for again at each start and done once. The sign-ins are made up on the
first start and kept, readable by their owner only, in ``<data>/credentials.json``.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Any

import django
import pyotp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.day.cast import (
    COLLECTIONS,
    COMPANIES,
    CURRENCY,
    PAYOUTS,
    PEOPLE,
    PLATFORM_PERSON,
    Company,
    Person,
)
from deploy.local.day.doors import Provider

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from apps.identity.selectors import person_by_username, service_client_by_name  # noqa: E402
from apps.identity.services import (  # noqa: E402
    confirm_second_factor,
    create_service_client,
    create_user,
    enrol_second_factor,
    issue_api_key,
    seed_roles,
)
from apps.ledger.domain import AccountClass, EntryDraft, credit, debit  # noqa: E402
from apps.ledger.selectors import entry_of_source  # noqa: E402
from apps.ledger.services import open_account, post_entry  # noqa: E402
from apps.payments.domain import ProviderAccountDraft  # noqa: E402
from apps.payments.services import open_provider_account  # noqa: E402
from apps.payments.services import prepare_books as prepare_payments  # noqa: E402
from apps.platform import clock  # noqa: E402
from apps.platform.actors import SYSTEM  # noqa: E402
from apps.platform.money import Money  # noqa: E402
from apps.settlements.services import prepare_books as prepare_settlements  # noqa: E402
from apps.tenancy.contexts import inside, on_platform  # noqa: E402
from apps.tenancy.domain import TenantMode  # noqa: E402
from apps.tenancy.selectors import tenant_by_slug  # noqa: E402
from apps.tenancy.services import brand_tenant, provision_tenant  # noqa: E402

FLOAT = "1110"
SERVICE = "integrations"
MPESA_SECRETS = ("consumer_key", "consumer_secret", "passkey", "initiator_password")
API_SCOPES = ("ledger:read", "payments:read", "payments:write", "settlements:read")


def main() -> None:
    """Set the stage, and print who can sign in where."""
    data = Path(os.environ["DEMO_DATA"])
    kept = Credentials(data / "credentials.json")
    provider = Provider(os.environ["MPESA_BASE_URL"])
    _open_platform(kept)
    for company in COMPANIES:
        _provide(company, kept, provider)
    _make_seal_key(kept)
    kept.save()
    _write_secrets(kept, provider, data)
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


def _make_seal_key(kept: Credentials) -> None:
    """What heads of the sealed journals are signed with; the public half is for who verifies."""
    if "seal" in kept.known:
        return
    key = Ed25519PrivateKey.generate()
    kept.known["seal"] = {
        "id": "demo",
        "private": base64.b64encode(key.private_bytes_raw()).decode(),
        "public": base64.b64encode(key.public_key().public_bytes_raw()).decode(),
    }


def _open_platform(kept: Credentials) -> None:
    """The platform's own people: they see the organisations, and nobody's books."""
    with on_platform():
        seed_roles(actor=SYSTEM)
        _admit(PLATFORM_PERSON, kept.of("platform")["people"])
    kept.save()


def _provide(company: Company, kept: Credentials, provider: Provider) -> None:
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
        brand_tenant(
            slug=company.slug,
            color=company.brand_color,
            symbol=company.brand_symbol,
            actor=SYSTEM,
        )
    tenant = tenant_by_slug(company.slug)
    if tenant is None:
        raise RuntimeError(f"{company.slug} was provisioned and cannot be found")
    known = kept.of(company.slug)
    with inside(tenant):
        seed_roles(actor=SYSTEM)
        for person in PEOPLE:
            _admit(person, known["people"])
            kept.save()
        _connect_services(known)
        kept.save()
        _open_books(company)
        _open_provider_accounts(company, known, provider)


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
        # The code of half a minute ago: it still counts, and the present one is left to sign in.
        code = pyotp.TOTP(draft.secret).at(clock.now(), counter_offset=-1)
        confirm_second_factor(user_id=user_id, code=code, actor=SYSTEM)
        known[person.username]["second_factor"] = draft.secret


def _connect_services(known: dict[str, Any]) -> None:
    """A service client with one key, for whoever calls the API in the company's name."""
    if service_client_by_name(SERVICE) is not None:
        return
    client = create_service_client(name=SERVICE, scopes=API_SCOPES, actor=SYSTEM)
    key = issue_api_key(client=client.id, name="demo", actor=SYSTEM)
    known |= {"client_id": client.client_id, "client_secret": client.secret, "api_key": key.key}


def _open_books(company: Company) -> None:
    """The chart of accounts, and what the owner put in before the day."""
    prepare_payments(currency=CURRENCY, actor=SYSTEM)
    prepare_settlements(currency=CURRENCY, provider_account=PAYOUTS, actor=SYSTEM)
    _open("3000", "Owner's capital", AccountClass.EQUITY, CURRENCY)
    _open("4000", "Platform commission", AccountClass.INCOME, CURRENCY)
    _contribute(company, "float", FLOAT, "3000", Money(company.opening_float_minor, CURRENCY))
    if company.opening_bank_usd_minor:
        _open("1200.USD", "Bank, US dollars", AccountClass.ASSET, "USD")
        _open("3000.USD", "Owner's capital, US dollars", AccountClass.EQUITY, "USD")
        dollars = Money(company.opening_bank_usd_minor, "USD")
        _contribute(company, "bank-usd", "1200.USD", "3000.USD", dollars)


def _open(code: str, name: str, account_class: AccountClass, currency: str) -> None:
    open_account(code=code, name=name, account_class=account_class, currency=currency, actor=SYSTEM)


def _contribute(company: Company, what: str, asset: str, capital: str, amount: Money) -> None:
    name = f"opening:{company.slug}:{what}"
    if entry_of_source(name, "opening") is not None:
        return
    post_entry(
        draft=EntryDraft(
            description="Owner's contribution",
            value_date=clock.today("Africa/Nairobi"),
            kind="opening",
            source_event=name,
            postings=[debit(asset, amount), credit(capital, amount)],
        ),
        idempotency_key=name,
        actor=SYSTEM,
    )


def _open_provider_accounts(company: Company, known: dict[str, Any], provider: Provider) -> None:
    """Introduce the company and its provider to each other, one shortcode for each direction."""
    plans: tuple[tuple[str, str, str, str, str, dict[str, int]], ...] = (
        (COLLECTIONS, company.paybill, "purchase", "1100", "5000", {}),
        (PAYOUTS, company.payout_shortcode, "payout", FLOAT, "5010", _opening(company)),
    )
    for label, shortcode, operation, mirror, fees, opening in plans:
        answer = provider.tell(
            "accounts",
            shortcode=shortcode,
            name=company.name,
            opening_balances_minor=opening,
        )
        tariff = provider.ask("tariff", shortcode=shortcode)
        known.setdefault("mpesa", {})[shortcode] = {name: answer[name] for name in MPESA_SECRETS}
        open_provider_account(
            draft=ProviderAccountDraft(
                label=label,
                name=f"M-Pesa {shortcode}",
                connector="mpesa",
                environment="simulator",
                currency=CURRENCY,
                clearing_account=mirror,
                fee_account=fees,
                secrets_ref=_secrets_path(company, shortcode),
                config={
                    "shortcode": shortcode,
                    "operations": [operation],
                    "initiator_name": answer["initiator"],
                    "has_portal": True,
                    "prompt_dead_after_seconds": 120,
                    "tariff": {
                        "payout_bands": [
                            [band["up_to_minor"], band["fee_minor"]]
                            for band in tariff["payout_bands"]
                        ],
                        "pay_in_bps": tariff["pay_in_bps"],
                    },
                },
            ),
            actor=SYSTEM,
        )


def _opening(company: Company) -> dict[str, int]:
    return {"utility": company.opening_float_minor}


def _secrets_path(company: Company, shortcode: str) -> str:
    return f"mpesa/{company.slug}/{shortcode}"


def _write_secrets(kept: Credentials, provider: Provider, data: Path) -> None:
    """What a deployment keeps in Vault: the provider's credentials, by path."""
    certificate = provider.ask_text("certificate")
    secrets_by_path = {
        _secrets_path(company, shortcode): known | {"certificate": certificate}
        for company in COMPANIES
        for shortcode, known in kept.of(company.slug)["mpesa"].items()
    }
    seal = kept.known["seal"]
    secrets_by_path["ledger/seal"] = {"current": seal["id"], f"key_{seal['id']}": seal["private"]}
    path = data / "secrets.json"
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(secrets_by_path, indent=1))
    new.replace(path)


def _sign_ins(kept: Credentials) -> str:
    lines = ["Sign-ins (second factor: the secret for an authenticator app):"]
    hosts = [(company.name, company.slug, PEOPLE) for company in COMPANIES]
    for name, slug, people in [*hosts, ("The platform", "platform", (PLATFORM_PERSON,))]:
        lines.append(f"  {name}: http://{slug}.{os.environ['BASE_DOMAIN']}")
        for person in people:
            known = kept.of(slug)["people"][person.username]
            factor = f"  second factor {known['second_factor']}" if known["second_factor"] else ""
            lines.append(f"    {person.username:<7}{known['password']:<24}{person.role}{factor}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
