"""Taking turns where there is no row to lock yet."""

from __future__ import annotations

from django.db import connection

from apps.platform.tenant import current_tenant


def take_turns(what: str) -> None:
    """Wait until nobody else of this tenant holds ``what``; hold it until the transaction ends.

    ``what`` begins with the kind of thing it names (``payee:rst-1``), so that kinds never meet.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"{current_tenant().schema}:{what}"],
        )
