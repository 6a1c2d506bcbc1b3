"""Look after tenants from the command line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.platform.actors import SYSTEM
from apps.platform.errors import DomainError
from apps.tenancy.domain import TenantMode
from apps.tenancy.selectors import all_tenants
from apps.tenancy.services import (
    close_tenant,
    provision_tenant,
    resume_tenant,
    suspend_tenant,
)


class Command(BaseCommand):
    """``tenants list``, ``provision``, ``suspend``, ``resume``, ``close``."""

    help = "List, provision, suspend, resume or close tenants."

    def add_arguments(self, parser: CommandParser) -> None:
        """One sub-command for each intention."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list")
        provision = verbs.add_parser("provision")
        provision.add_argument("slug")
        provision.add_argument("--name", required=True)
        provision.add_argument("--currency", required=True, help="functional currency, ISO 4217")
        provision.add_argument("--zone", default="UTC", help="IANA time zone of its days")
        provision.add_argument("--domain", action="append", required=True, dest="domains")
        provision.add_argument("--mode", choices=[*TenantMode], default=TenantMode.TEST)
        for verb in ("suspend", "close"):
            stop = verbs.add_parser(verb)
            stop.add_argument("slug")
            stop.add_argument("--reason", required=True)
        verbs.add_parser("resume").add_argument("slug")

    def handle(self, *args: Any, **options: Any) -> None:
        """Carry it out; a refusal is an error with its reason."""
        try:
            getattr(self, f"_{options['verb']}")(options)
        except DomainError as error:
            raise CommandError(f"{error.title} {error.advice}".strip()) from error

    def _list(self, options: dict[str, Any]) -> None:
        for tenant in all_tenants():
            reason = f"  ({tenant.suspended_reason})" if tenant.suspended_reason else ""
            self.stdout.write(
                f"{tenant.slug:20} {tenant.state:12} {tenant.mode:5} "
                f"{tenant.functional_currency}  {tenant.name}{reason}"
            )

    def _provision(self, options: dict[str, Any]) -> None:
        provision_tenant(
            slug=options["slug"],
            name=options["name"],
            functional_currency=options["currency"],
            domains=options["domains"],
            zone=options["zone"],
            mode=TenantMode(options["mode"]),
            actor=SYSTEM,
        )
        self.stdout.write(f"{options['slug']} is ready")

    def _suspend(self, options: dict[str, Any]) -> None:
        suspend_tenant(slug=options["slug"], reason=options["reason"], actor=SYSTEM)
        self.stdout.write(f"{options['slug']} is suspended")

    def _resume(self, options: dict[str, Any]) -> None:
        resume_tenant(slug=options["slug"], actor=SYSTEM)
        self.stdout.write(f"{options['slug']} is ready")

    def _close(self, options: dict[str, Any]) -> None:
        close_tenant(slug=options["slug"], reason=options["reason"], actor=SYSTEM)
        self.stdout.write(f"{options['slug']} is closed")
