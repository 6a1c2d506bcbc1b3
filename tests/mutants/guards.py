"""The guards of the ledger's tables, and what breaks each of them."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection

from tests.mutants.table import TRIGGERS

#: A CHECK: its table, and what makes a sound row break it (SQL by column).
WRONG: Mapping[str, tuple[str, dict[str, str]]] = {
    f"ledger_{name}": (f"ledger_{table}", wrong)
    for name, table, wrong in [
        ("account_class_known", "account", {"account_class": "'x'"}),
        ("account_status_known", "account", {"status": "'x'"}),
        ("approval_rule_approvals_check", "approval_rule", {"approvals": "-1"}),
        ("balance_monitor_words_known", "balance_monitor", {"comparison": "'x'"}),
        ("balance_shard_room_left", "balance_shard", {"down_minor": "-1"}),
        ("calendar_month_known", "calendar", {"first_month": "13"}),
        ("calendar_first_month_check", "calendar", {"first_month": "-1"}),
        ("fiscal_year_closings_check", "fiscal_year", {"closings": "-1"}),
        ("fx_conversion_direction_known", "fx_conversion", {"direction": "0"}),
        ("fxconversion_adds_up", "fx_conversion", {"spread_minor": "7"}),
        ("fxconversion_dust_is_one_unit", "fx_conversion",
         {"buy_rounding_minor": "2", "buy_position_minor": "3"}),
        ("fx_position_cost_has_its_sign", "fx_position", {"carried_minor": "-1"}),
        ("fx_position_is_foreign", "fx_position", {"currency": "'KES'"}),
        ("fx_quote_expires", "fx_quote", {"quoted_at": "timestamptz '2030-01-01'"}),
        ("fxquote_adds_up", "fx_quote", {"spread_minor": "7"}),
        ("fxquote_dust_is_one_unit", "fx_quote",
         {"buy_rounding_minor": "2", "buy_position_minor": "3"}),
        ("fx_rate_sound", "fx_rate", {"rate": "0"}),
        ("fx_rate_source_known", "fx_rate", {"source": "'x'"}),
        ("fx_rate_proposal_decided_by_another", "fx_rate_proposal",
         {"state": "'approved'", "checker_person": "'x1'", "recorded_id": "gen_random_uuid()",
          "step_up_at": "now()"}),
        ("fx_revaluation_approved_by_another", "fx_revaluation", {"state": "'approved'"}),
        ("fx_revaluation_posted_with_its_reversal", "fx_revaluation",
         {"entry_id": "gen_random_uuid()"}),
        ("fx_revaluation_reversed_later", "fx_revaluation", {"reversal_date": "date '2000-01-01'"}),
        ("hold_lives", "hold", {"expires_at": "timestamptz '2000-01-01'"}),
        ("hold_reason_known", "hold", {"reason": "'x'"}),
        ("hold_status_known", "hold", {"closed_at": "now()"}),
        ("hold_leg_adds_up", "hold_leg", {"captured_minor": "1"}),
        ("hold_leg_never_negative", "hold_leg", {"captured_minor": "-1", "released_minor": "1"}),
        ("hold_leg_side_known", "hold_leg", {"side": "'x'"}),
        ("hold_movement_kind_known", "hold_movement", {"number": "2"}),
        ("hold_movement_posts", "hold_movement", {"entry_id": "gen_random_uuid()"}),
        ("item_link_positive", "item_link", {"amount_minor": "0"}),
        ("item_rule_sound", "item_rule", {"keeps_items": "false"}),
        ("item_settled_once", "item", {"settled_minor": "2"}),
        ("journal_approval_reason_given", "journal_approval", {"comment": "''"}),
        ("journal_approval_round_check", "journal_approval", {"round": "-1"}),
        ("journal_approval_step_up", "journal_approval", {"verdict": "'approve'"}),
        ("manual_journal_approvals_needed_check", "manual_journal", {"approvals_needed": "-1"}),
        ("manual_journal_kind_manual", "manual_journal", {"kind": "'x'"}),
        ("manual_journal_posted_with_entry", "manual_journal", {"entry_id": "gen_random_uuid()"}),
        ("manual_journal_round_check", "manual_journal", {"round": "-1"}),
        ("metadata_erasure_has_reason", "metadata_erasure", {"reason": "''"}),
        ("period_closings_check", "period", {"closings": "-1"}),
        ("period_state_known", "period", {"state": "'x'"}),
        ("period_closing_number_check", "period_closing", {"number": "-1"}),
        ("period_request_closing_check", "period_request", {"closing": "-1"}),
        ("period_request_exception_expires", "period_request", {"kind": "'exception'"}),
        ("period_request_four_eyes", "period_request", {"decider_person": "'x1'"}),
        ("period_request_reason_given", "period_request", {"reason": "''"}),
        ("period_request_step_up_to_approve", "period_request", {"state": "'approved'"}),
        ("posting_sound", "posting", {"account_version": "5"}),
        ("posting_breaker_closed_by_person", "posting_breaker", {"closed_at": "now()"}),
        ("posting_breaker_has_reason", "posting_breaker", {"reason": "''"}),
        ("recurring_approvals_needed_check", "recurring", {"approvals_needed": "-1"}),
        ("recurring_approved_by_another", "recurring", {"approvals_needed": "0"}),
        ("recurring_done_check", "recurring", {"done": "-1"}),
        ("recurring_every_check", "recurring", {"every": "-1"}),
        ("recurring_rhythm_sound", "recurring", {"at_month_end": "true"}),
        ("recurring_words_known", "recurring", {"state": "'x'"}),
        ("recurring_occurrence_number_check", "recurring_occurrence", {"number": "-1"}),
        ("seal_number_positive", "seal", {"number": "0"}),
        ("seal_batch_signed_whole", "seal_batch", {"signature": "'x'"}),
        ("seal_batch_span", "seal_batch", {"first": "2"}),
        ("template_version_number_check", "template_version", {"number": "-1"}),
        ("template_version_state_known", "template_version", {"state": "'x'"}),
        ("unit_code_not_a_currency", "unit", {"code": "'KES'"}),
        ("unit_code_sound", "unit", {"code": "'pts'"}),
        ("unit_exponent_known", "unit", {"exponent": "10"}),
        ("velocity_limit_account_or_class", "velocity_limit", {"account_class": "'asset'"}),
        ("velocity_limit_most_sound", "velocity_limit", {"most": "-1"}),
        ("velocity_limit_words_known", "velocity_limit", {"measure": "'x'"}),
        ("velocity_usage_positive", "velocity_usage", {"used": "-1"}),
    ]
}  # fmt: skip

#: A unique index: its table, its columns, and what puts a row under its condition.
UNIQUE: Mapping[str, tuple[str, list[str], dict[str, str]]] = {
    f"ledger_{name}": (f"ledger_{table}", columns.split(), said)
    for name, table, columns, said in [
        ("account_code_key", "account", "code", {}),
        ("approval_rule_name_key", "approval_rule", "name", {}),
        ("balance_monitor_code_key", "balance_monitor", "code", {}),
        ("calendar_once", "calendar", "tenant", {}),
        ("category_code_key", "category", "code", {}),
        ("category_account_once", "category_account", "category_id account_id", {}),
        ("dimension_code_key", "dimension", "code", {}),
        ("fiscal_year_apart", "fiscal_year", "starts ends", {}),
        ("fiscal_year_name_key", "fiscal_year", "name", {}),
        ("fx_conversion_entry_id_key", "fx_conversion", "entry_id", {}),
        ("fx_conversion_quote_id_key", "fx_conversion", "quote_id", {}),
        ("fx_quote_idempotency_key_key", "fx_quote", "idempotency_key", {}),
        ("fx_rate_said_once", "fx_rate", "source provider base quote valid_from", {}),
        ("fx_rate_proposal_recorded_id_key", "fx_rate_proposal", "recorded_id",
         {"state": "'approved'", "checker_person": "'y'", "step_up_at": "now()",
          "recorded_id": "gen_random_uuid()"}),
        ("fx_rate_set_digest_key", "fx_rate_set", "digest", {}),
        ("fx_revaluation_one_open_for_a_day", "fx_revaluation", "as_of", {}),
        ("fx_revaluation_entry_id_key", "fx_revaluation", "entry_id",
         {"state": "'posted'", "approver_person": "'y'", "step_up_at": "now()",
          "approved_at": "now()", "reversal_id": "gen_random_uuid()"}),
        ("fx_revaluation_reversal_id_key", "fx_revaluation", "reversal_id",
         {"state": "'posted'", "approver_person": "'y'", "step_up_at": "now()",
          "approved_at": "now()", "entry_id": "gen_random_uuid()"}),
        ("fx_revaluation_line_numbered", "fx_revaluation_line", "run_id number", {}),
        ("hold_key_once", "hold", "idempotency_key", {}),
        ("hold_source_once", "hold", "source_event reason", {}),
        ("hold_movement_key_once", "hold_movement", "idempotency_key", {}),
        ("item_settlement_idempotency_key_key", "item_settlement", "idempotency_key", {}),
        ("item_settlement_undoes_id_key", "item_settlement", "undoes_id", {}),
        ("journal_approval_once", "journal_approval", "journal_id round person", {}),
        ("journal_entry_key_once", "journal_entry", "idempotency_key", {}),
        ("journal_entry_source_once", "journal_entry", "source_event kind", {}),
        ("manual_journal_entry_id_key", "manual_journal", "entry_id", {"state": "'posted'"}),
        ("manual_journal_reversal_id_key", "manual_journal", "reversal_id", {}),
        ("period_apart", "period", "starts ends", {}),
        ("period_name_key", "period", "name", {}),
        ("period_closing_numbered", "period_closing", "period_id number", {}),
        ("period_request_reopen_once", "period_request", "period_id", {}),
        ("posting_version_once", "posting", "account_id account_version",
         {"account_version": "5", "balance_after_minor": "0"}),
        ("posting_breaker_one_open", "posting_breaker", "", {}),
        ("recurring_approval_once", "recurring_approval", "recurring_id person", {}),
        ("recurring_occurrence_entry_id_key", "recurring_occurrence", "entry_id", {}),
        ("recurring_occurrence_once", "recurring_occurrence", "recurring_id number", {}),
        ("refusal_key_once", "refusal", "idempotency_key", {}),
        ("seal_entry_id_key", "seal", "entry_id", {}),
        ("seal_batch_last_key", "seal_batch", "last", {}),
        ("template_code_key", "template", "code", {}),
        ("template_version_once", "template_version", "template_id number", {}),
        ("template_version_one_active", "template_version", "template_id", {"state": "'active'"}),
        ("velocity_limit_code_key", "velocity_limit", "code", {}),
    ]
}  # fmt: skip

#: A trigger that lets nobody (U)pdate, (D)elete or (T)runcate its table, and its SQLSTATE.
KEPT: Mapping[str, tuple[str, str, str]] = {
    f"ledger_{name}": (f"ledger_{table}", operations, sqlstate)
    for name, table, operations, sqlstate in [
        *((f"{table}_append_only", table, "UDT", "LG002") for table in (
            "fx_conversion", "fx_quote", "fx_rate", "fx_rate_set", "fx_revaluation_line",
            "hold_movement", "item_link", "item_settlement", "journal_approval",
            "metadata_erasure", "period_balance", "period_closing", "recurring_approval",
            "recurring_occurrence", "refusal", "seal")),
        *((f"{table}_append_only", table, "DT", "LG002") for table in (
            "journal_entry", "posting")),
        *((f"{table}_kept", table, "DT", "LG002") for table in (
            "account", "account_balance", "balance_day", "clearing_key", "fx_position",
            "fx_rate_proposal", "fx_revaluation", "hold", "hold_leg", "item", "item_rule",
            "manual_journal", "period", "period_request", "posting_breaker",
            "recurring", "seal_batch",
            "template", "template_version")),
        *((f"{table}_not_removed", table, "DT", "LG051") for table in (
            "balance_monitor", "monitor_crossing", "velocity_limit", "velocity_usage")),
        ("clearing_key_follows", "clearing_key", "U", "LG002"),
        ("item_follows", "item", "U", "LG002"),
        ("template_code_kept", "template", "U", "LG002"),
        ("unit_not_emptied", "unit", "T", "LG002"),
    ]
}  # fmt: skip

#: A trigger that keeps what a row says: its table, how the row is made, the change, the SQLSTATE.
MEANING: Mapping[str, tuple[str, dict[str, str], str, str]] = {
    f"ledger_{name}": (f"ledger_{table}", said, change, sqlstate)
    for name, table, said, change, sqlstate in [
        ("account_meaning_kept", "account", {}, "currency = 'y'", "LG002"),
        ("balance_monitor_kept", "balance_monitor", {}, "threshold_minor = 5", "LG051"),
        ("fx_rate_proposal_meaning_kept", "fx_rate_proposal", {}, "rate = 5", "LG002"),
        ("hold_meaning_kept", "hold", {}, "description = 'y'", "LG002"),
        ("hold_leg_meaning_kept", "hold_leg", {}, "currency = 'y'", "LG002"),
        ("monitor_crossing_kept", "monitor_crossing", {}, "balance_minor = 5", "LG051"),
        ("posting_written_once", "posting", {}, "currency = 'y'", "LG002"),
        ("posting_breaker_said_once", "posting_breaker", {}, "reason = 'y'", "LG002"),
        ("seal_batch_said_once", "seal_batch", {}, "head = '\\x99'", "LG002"),
        ("velocity_limit_kept", "velocity_limit", {}, "most = 5", "LG051"),
        ("velocity_usage_grows", "velocity_usage", {}, "used = 0", "LG051"),
        ("account_balance_guarded", "account_balance",
         {"mode": "'synchronous'"}, "version = 0", "LG002"),
        ("account_balance_limits_cut", "account_balance",
         {"mode": "'sharded'", "pending_debits_minor": "0", "pending_credits_minor": "0"},
         "floor_minor = -5", "ledger_account_balance_limits_cut"),
        ("journal_entry_written_once", "journal_entry", {}, "description = 'y'", "LG002"),
        ("fx_revaluation_states", "fx_revaluation", {}, "result_minor = 5", "LG113"),
        ("manual_journal_move", "manual_journal", {}, "maker = 'y'", "LG072"),
        ("recurring_move", "recurring", {"frequency": "'daily'"}, "maker = 'y'", "LG120"),
        ("period_move", "period", {}, "ends = ends + 1", "LG042"),
        ("period_request_four_eyes", "period_request", {}, "reason = 'y'", "LG043"),
    ]
}  # fmt: skip

_CATALOGUE = """
    SELECT 'trigger', g.tgname FROM pg_trigger g
     WHERE g.tgrelid = ANY (%(tables)s) AND NOT g.tgisinternal
    UNION ALL
    SELECT CASE WHEN k.contype <> 'c' THEN 'unique'
                WHEN k.conname LIKE '%%\\_of\\_this\\_tenant' THEN 'pin' ELSE 'check' END, k.conname
      FROM pg_constraint k WHERE k.conrelid = ANY (%(tables)s) AND k.contype IN ('c', 'u', 'x')
    UNION ALL
    SELECT 'unique', i.indexrelid::regclass::name FROM pg_index i
     WHERE i.indrelid = ANY (%(tables)s) AND i.indisunique AND NOT i.indisprimary
       AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
"""
_TABLES = """
    SELECT oid::bigint, relname FROM pg_class
     WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
       AND relname LIKE 'ledger\\_%' ORDER BY 2
"""


def tables() -> dict[str, int]:
    """The ledger's tables in the present tenant's schema."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return {name: oid for oid, name in cursor.fetchall()}


def catalogue() -> set[tuple[str, str]]:
    """The guards that stand in the present tenant's schema: kind and name."""
    with connection.cursor() as cursor:
        cursor.execute(_CATALOGUE, {"tables": list(tables().values())})
        return {(kind, name) for kind, name in cursor.fetchall()}


def known() -> set[tuple[str, str]]:
    """The guards that have a mutant. Every table has the pin that keeps it its tenant's."""
    pins = {("pin", f"{table}_of_this_tenant") for table in tables()}
    triggers = {*KEPT, *MEANING, *TRIGGERS}
    return (
        {("check", name) for name in WRONG}
        | {("unique", name) for name in UNIQUE}
        | {("trigger", name) for name in triggers}
        | pins
    )
