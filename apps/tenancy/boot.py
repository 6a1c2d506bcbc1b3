"""What every process of the house asks before it serves, works, publishes or consumes anything."""

from __future__ import annotations

import structlog
from django.core.exceptions import ImproperlyConfigured
from django_tenants.utils import get_public_schema_name

from apps.tenancy.checks import refuse_unsafe
from apps.tenancy.contexts import on_platform
from apps.tenancy.schemas.migrating import behind, wanted
from apps.tenancy.selectors import ready_tenants

#: A migration whose name holds this runs after the release: the program starts without it.
AFTER_RELEASE = "_post_"
logger = structlog.get_logger("house.security")


def refuse_to_start() -> None:
    """Stop this process unless tenants are kept apart and their tables are those it was made for.

    ``ImproperlyConfigured`` says what is wrong and which command mends it. A release whose
    migrations failed does not start; the one before, which wants fewer of them, does.
    """
    refuse_unsafe()
    late = _behind()
    if late:
        logger.error("boot.refused", check="tenancy.behind", schemas=late)
        raise ImproperlyConfigured(
            f"Migrations are missing in {', '.join(late)}: run manage.py migrate_tenants."
        )


def _behind() -> list[str]:
    migrations = [known for known in wanted() if AFTER_RELEASE not in known[1]]
    with on_platform():
        return behind([get_public_schema_name()], migrations) or behind(
            [tenant.schema_name for tenant in ready_tenants()], migrations
        )
