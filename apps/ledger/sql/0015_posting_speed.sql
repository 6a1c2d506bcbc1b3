-- Which entries (by their numbers from 1) fall on a closed day and may be sent on, and the day that
-- takes them. p_anyway says of an entry that it may whatever the calendar's rule for its kind;
-- p_rule is the rule where the tenant has no calendar row. The journal is held against closing from
-- before the look until the transaction ends: a day found open is still open when it is posted to.
CREATE FUNCTION ledger_late_days_v1(
    p_days date[], p_kinds text[], p_actors uuid[], p_anyway boolean[], p_rule text[],
    p_at timestamptz
) RETURNS TABLE (number bigint, first_open date)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
BEGIN
    LOCK TABLE ledger_journal_entry IN ROW EXCLUSIVE MODE;
    IF NOT EXISTS (SELECT 1 FROM ledger_period p WHERE p.state <> 'open') THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT d.number, c.first_open
          FROM unnest(p_days, p_kinds, p_actors, p_anyway)
               WITH ORDINALITY d(value_date, kind, actor_id, is_anyway, number)
         CROSS JOIN LATERAL ledger_closed_period_v1(d.value_date, d.kind, d.actor_id, p_at) c
         WHERE d.is_anyway OR ledger_kind_matches_v1(
                   d.kind, coalesce((SELECT r.late_kinds::text[] FROM ledger_calendar r), p_rule));
END;
$$;

-- A few entries: the general function by the plan that is kept. To plan its one large statement for
-- the very entries takes longer than to post ten of them; for hundreds it is worth it.
CREATE FUNCTION ledger_post_few_entries_v1(
    p_tenant uuid, p_posted_at timestamptz, p_actor text[], p_actor_id uuid[],
    p_traceparent text[], p_correlation text[],
    p_id uuid[], p_kind text[], p_description text[], p_value_date date[],
    p_effective_at timestamptz[], p_idempotency_key text[], p_fingerprint bytea[],
    p_source_event text[], p_reverses_id uuid[], p_reason text[], p_approval_id uuid[],
    p_template text[], p_metadata jsonb[], p_event_id uuid[], p_aggregate text[], p_event jsonb[],
    p_entry integer[], p_account text[], p_side text[], p_amount bigint[], p_currency text[],
    p_clearing_key text[], p_conditions jsonb
) RETURNS TABLE (
    ordinal bigint, entry_id uuid, is_replay boolean, value_date date, posted_at timestamptz,
    accounts text[], balances bigint[]
)
LANGUAGE sql
SET search_path FROM CURRENT
SET plan_cache_mode = force_generic_plan
AS $$
    SELECT * FROM ledger_post_entries_v1(
        p_tenant, p_posted_at, p_actor, p_actor_id, p_traceparent, p_correlation, p_id,
        p_kind, p_description, p_value_date, p_effective_at, p_idempotency_key,
        p_fingerprint, p_source_event, p_reverses_id, p_reason, p_approval_id,
        p_template, p_metadata, p_event_id, p_aggregate, p_event, p_entry, p_account,
        p_side, p_amount, p_currency, p_clearing_key, p_conditions)
$$;
