"""Tools for developers against a test tenant. Never against a live one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from apps.payments.selectors import provider_account
from apps.payments.selectors.contexts import context_of
from apps.payments.selectors.feed import Feed
from apps.payments.services import replay_callback
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.errors import AnswerLost, DomainError, NotSent
from apps.platform.ids import parse_public_id
from apps.tenancy.contexts import inside
from apps.tenancy.domain import TenantMode
from apps.tenancy.selectors import tenant_by_slug
from apps.webhooks.services import replay_delivery

LOOKS_EVERY_SECONDS = 0.5
REFUSED = 400


class Command(BaseCommand):
    """``develop listen``, ``develop simulate``, ``develop replay``, each with ``--tenant``."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """One sub-command for each wish."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        listen = verbs.add_parser("listen", help="print events as they are recorded")
        listen.add_argument("pattern", nargs="?", default="*", help="such as 'payments.*'")
        listen.add_argument("--for", type=float, dest="seconds", help="stop after this many")
        simulate = verbs.add_parser("simulate", help="have the simulator do something")
        simulate.add_argument("account", help="label of a provider account at the simulator")
        simulate.add_argument("situation", help="such as paybill, faults, clock, settings")
        simulate.add_argument("facts", nargs="*", help="name=text or name:=JSON")
        replay = verbs.add_parser("replay", help="process a callback, send a webhook, again")
        replay.add_argument("thing", help="cb_… or whd_…")
        for verb in (listen, simulate, replay):
            verb.add_argument("--tenant", required=True, help="slug of a test tenant")

    def handle(self, *args: Any, **options: Any) -> None:
        """Inside the tenant's books; a refusal is an error with its reason."""
        tenant = tenant_by_slug(options["tenant"])
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']!r}.")
        if tenant.mode != TenantMode.TEST:
            raise CommandError(f"{tenant.slug} is live: this is for test tenants only.")
        work: Callable[[dict[str, Any]], None] = getattr(self, f"_{options['verb']}")
        with inside(tenant):
            try:
                work(options)
            except DomainError as error:
                raise CommandError(f"{error.title} {error.advice}".strip()) from error

    def _listen(self, options: dict[str, Any]) -> None:
        feed = Feed(clock.now(), options["pattern"])
        ends = None if options["seconds"] is None else time.monotonic() + options["seconds"]
        try:
            while True:
                for event in feed.news():
                    told = json.dumps(event.payload, cls=DjangoJSONEncoder)
                    self.stdout.write(
                        f"{event.recorded_at:%H:%M:%S.%f} {event.name}.v{event.version} "
                        f"{event.aggregate} {told}"
                    )
                self.stdout.flush()
                if ends is not None and time.monotonic() >= ends:
                    return
                time.sleep(LOOKS_EVERY_SECONDS)
        except KeyboardInterrupt:
            return

    def _simulate(self, options: dict[str, Any]) -> None:
        account = provider_account(label=options["account"])
        if account.environment != "simulator":
            raise CommandError(f"{account.label} is no account at the simulator.")
        context = context_of(account.label)
        facts = dict(_fact(one) for one in options["facts"])
        shortcode = context.account.config.get("shortcode")
        if shortcode and options["situation"] not in {"faults", "clock", "settings"}:
            facts.setdefault("shortcode", str(shortcode))
        try:
            answer = context.http.send(
                "POST",
                f"{context.account.base_url}/_control/{options['situation']}",
                json=facts,
                timeout_seconds=context.timeout_seconds,
            )
        except (NotSent, AnswerLost) as lost:
            raise CommandError(f"The simulator does not answer: {lost}") from lost
        said = answer.body.decode(errors="replace")
        if answer.status >= REFUSED:
            raise CommandError(f"The simulator refuses ({answer.status}): {said}")
        self.stdout.write(said)

    def _replay(self, options: dict[str, Any]) -> None:
        thing = options["thing"]
        ways: dict[str, Callable[[UUID], None]] = {
            "cb": lambda id: replay_callback(callback_id=id, actor=SYSTEM),
            "whd": lambda id: replay_delivery(delivery_id=id, actor=SYSTEM),
        }
        for prefix, again in ways.items():
            if thing.startswith(f"{prefix}_"):
                try:
                    again(parse_public_id(prefix, thing))
                except ValueError as error:
                    raise CommandError(f"{thing!r} is no id.") from error
                self.stdout.write(f"{thing} is on its way again.")
                return
        raise CommandError("Callbacks (cb_…) and webhook deliveries (whd_…) can be replayed.")


def _fact(text: str) -> tuple[str, object]:
    """``amount:=50`` is a number, ``phone=254708000001`` a text."""
    name, is_json, value = text.partition(":=")
    if is_json:
        try:
            return name, json.loads(value)
        except ValueError as error:
            raise CommandError(f"{text!r}: after := stands JSON.") from error
    name, is_text, value = text.partition("=")
    if not is_text:
        raise CommandError(f"{text!r}: name=text or name:=JSON.")
    return name, value
