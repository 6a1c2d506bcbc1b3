"""The tenant's own units of account."""

from __future__ import annotations

import time
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from apps.ledger.models import Unit
from apps.platform.currencies import Currency
from apps.platform.errors import NoTenant
from apps.platform.tenant import current_tenant

#: A unit in use never changes, so it is remembered; not for ever, as an account that was seen in
#: use may have been taken back with its transaction.
REMEMBERED_SECONDS = 60.0

_FIND = """
    SELECT u.exponent, u.name, EXISTS (SELECT 1 FROM ledger_account a WHERE a.currency = u.code)
      FROM ledger_unit u WHERE u.code = %s AND u.tenant = %s
"""


class _Seen(NamedTuple):
    unit: Currency
    until: float


_seen: dict[tuple[UUID, str], _Seen] = {}


def unit(code: str) -> Currency | None:
    """The present tenant's own unit of that code; one in use is remembered by the process.

    A unit that no account counts in may still change and is asked for every time.
    """
    try:
        tenant = current_tenant()
    except NoTenant:
        return None
    if tenant.is_platform:
        return None
    seen = _seen.get((tenant.id, code))
    if seen is not None and seen.until > time.monotonic():
        return seen.unit
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [code, tenant.id])
        row = cursor.fetchone()
    if row is None:
        _seen.pop((tenant.id, code), None)
        return None
    exponent, name, is_used = row
    found = Currency(code, exponent, name)
    if is_used:
        _seen[(tenant.id, code)] = _Seen(found, time.monotonic() + REMEMBERED_SECONDS)
    return found


def forget_unit(code: str) -> None:
    """Ask again for the unit: it was just changed here."""
    _seen.pop((current_tenant().id, code), None)


def units() -> list[Currency]:
    """Every unit of the tenant's own, by code."""
    return [Currency(row.code, row.exponent, row.name) for row in Unit.objects.all()]
