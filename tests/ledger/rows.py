"""A row of any table of the ledger that all its CHECKs accept, made from the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import connection

from apps.platform.tenant import current_tenant_id

#: SQL for a value of each type; ``{n}`` is the row's number.
OF_TYPE = {
    "uuid": "gen_random_uuid()",
    "text": "'x{n}'",
    "varchar": "'x{n}'",
    "date": "date '2026-01-01' + {n}",
    "timestamptz": "timestamptz '2026-01-01 00:00Z' + interval '{n} days'",
    "bool": "false",
    "jsonb": "'{{}}'",
    "bytea": "'\\x{n:02d}'",
    "xid8": "'{n}'",
}
_QUOTE = {
    "sell_currency": "'KES'",
    "buy_currency": "'USD'",
    "spread_minor": "0",
    "sell_rounding_minor": "0",
    "buy_rounding_minor": "0",
    "spread_bps": "0",
}
#: What a table's own rules ask beyond the types.
SOUND: Mapping[str, Mapping[str, str]] = {
    "ledger_account": {"account_class": "'asset'", "status": "'open'"},
    "ledger_balance_monitor": {"balance_kind": "'posted'", "comparison": "'below'"},
    "ledger_fiscal_year": {"starts": "date '2026-01-01' + {n}", "ends": "date '2026-01-01' + {n}"},
    "ledger_fx_conversion": {**_QUOTE, "direction": "1"},
    "ledger_fx_quote": {**_QUOTE, "quoted_at": "timestamptz '2020-01-01'"},
    "ledger_fx_position": {"functional_currency": "'KES'"},
    "ledger_fx_rate": {"valid_from": "timestamptz '2020-01-01'", "source": "'ecb'",
                       "base": "'KES'", "quote": "'USD'"},
    "ledger_fx_rate_proposal": {"checker_person": "''", "state": "'pending'"},
    "ledger_fx_revaluation": {"state": "'draft'", "reversal_date": "date '2030-01-01'"},
    "ledger_hold": {"status": "'open'", "reason": "'other'"},
    "ledger_hold_leg": {"side": "'D'", "captured_minor": "0", "released_minor": "0",
                        "expired_minor": "0"},
    "ledger_hold_movement": {"kind": "'placed'", "number": "1"},
    "ledger_item": {"side": "'D'", "settled_minor": "0"},
    "ledger_item_rule": {"keeps_items": "true"},
    "ledger_journal_approval": {"verdict": "'reject'"},
    "ledger_manual_journal": {"kind": "'manual'", "state": "'draft'"},
    "ledger_period": {"state": "'open'", "starts": "date '2026-01-01' + {n}",
                      "ends": "date '2026-01-01' + {n}"},
    "ledger_period_request": {"state": "'requested'", "kind": "'reopen'",
                              "decider_person": "''"},
    "ledger_posting": {"side": "'D'"},
    "ledger_recurring": {"state": "'draft'", "frequency": "'weekly'", "every": "1",
                         "ends": "date '2030-01-01'"},
    "ledger_seal_batch": {"statement": "''", "first": "1"},
    "ledger_template_version": {"state": "'draft'"},
    "ledger_unit": {"code": "'PTS{n}'"},
    "ledger_velocity_limit": {"account_id": "gen_random_uuid()", "account_class": "''",
                              "measure": "'amount'", "side": "'D'", "time_window": "'day'"},
}  # fmt: skip


@contextmanager
def without_triggers() -> Iterator[None]:
    """Within the block CHECKs and unique indexes are all that guards; foreign keys sleep too."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def row(table: str, number: int = 1) -> dict[str, str]:
    """Columns and the SQL of their values; rows of different numbers share nothing but types."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.attname, t.typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
            " WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND a.attnotnull"
            " AND NOT a.attisdropped AND a.attidentity = ''",
            [table],
        )
        types = dict(cursor.fetchall())
    values = {
        column: "'{{}}'" if kind.startswith("_") else OF_TYPE.get(kind, "{n}")
        for column, kind in types.items()
    }
    values |= SOUND.get(table, {})
    values = {column: value.format(n=number) for column, value in values.items()}
    return values | {"tenant": f"'{current_tenant_id()}'"}


def insertion(table: str, values: Mapping[str, str]) -> str:
    """The statement that writes it."""
    columns, said = ", ".join(values), ", ".join(values.values())
    return f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({said})"


def insert(table: str, values: Mapping[str, str]) -> None:
    """Write it."""
    with connection.cursor() as cursor:
        cursor.execute(insertion(table, values))
