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
-- the very entries takes longer than to post ten of them; for hundreds it is worth it. The plan goes
-- by indexes: not knowing how few accounts come, it would read the whole chart at each call.
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
SET enable_seqscan = off
AS $$
    SELECT * FROM ledger_post_entries_v1(
        p_tenant, p_posted_at, p_actor, p_actor_id, p_traceparent, p_correlation, p_id,
        p_kind, p_description, p_value_date, p_effective_at, p_idempotency_key,
        p_fingerprint, p_source_event, p_reverses_id, p_reason, p_approval_id,
        p_template, p_metadata, p_event_id, p_aggregate, p_event, p_entry, p_account,
        p_side, p_amount, p_currency, p_clearing_key, p_conditions)
$$;

-- What an entry and its postings must be, against any writer. One trigger for each of the two tables,
-- for all rows of a statement: every trigger takes 25 to 50 microseconds to be called at all, so
-- whatever is asked of new rows is asked here, in one look that nearly always is all.
--
-- LG001 an entry does not balance        LG003 an entry has no postings
-- LG004 postings come without, or after, their entry
-- LG040 the period is closed for good    LG041 the period is softly closed
-- LG044 postings must read what others committed (READ COMMITTED)
-- LG045 posting is stopped

-- An entry comes in one statement with its postings; this runs when all of it is done (a check put
-- off until COMMIT would cost a call for each entry), and only when entries were written, so that
-- replays are answered whatever is closed or stopped.
CREATE FUNCTION ledger_guard_entries_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    bad record;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'postings are made at READ COMMITTED, where a guard sees the present'
            USING ERRCODE = 'LG044';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM new_rows n
         WHERE (SELECT p.leg FROM ledger_posting p WHERE p.entry_id = n.id LIMIT 1) IS NULL
            OR EXISTS (SELECT 1 FROM ledger_period p
                        WHERE p.ends >= n.value_date AND p.state <> 'open')
            OR EXISTS (SELECT 1 FROM ledger_posting_breaker b WHERE b.closed_at IS NULL)
    ) THEN
        RETURN NULL;
    END IF;

    SELECT n.id INTO bad FROM new_rows n
     WHERE NOT EXISTS (SELECT 1 FROM ledger_posting p WHERE p.entry_id = n.id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % has no postings', bad.id
            USING ERRCODE = 'LG003', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;

    SELECT c.*, n.kind, n.value_date INTO bad
      FROM new_rows n
     CROSS JOIN LATERAL ledger_closed_period_v1(n.value_date, n.kind, n.actor_id, n.posted_at) c
     ORDER BY c.state, n.value_date, n.id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'period % is closed', bad.name
            USING ERRCODE = CASE bad.state WHEN 'hard_closed' THEN 'LG040' ELSE 'LG041' END,
                  TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object(
                      'period', bad.name, 'value_date', bad.value_date,
                      'entry_kind', bad.kind, 'first_open', bad.first_open);
    END IF;

    SELECT b.reason, b.opened_at INTO bad FROM ledger_posting_breaker b WHERE b.closed_at IS NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'posting is stopped: %', bad.reason
            USING ERRCODE = 'LG045', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object(
                      'reason', bad.reason, 'since', bad.opened_at AT TIME ZONE 'UTC');
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER ledger_journal_entry_guarded
    AFTER INSERT ON ledger_journal_entry
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_entries_v1();

-- Balanced in every currency: over the rows of one statement, linear in their number, where a
-- trigger for each row would be quadratic in an entry's legs. And in the transaction of their entry:
-- nobody slips a balanced pair into an old one. Then what dimensions and item rules ask, where there
-- are any.
CREATE FUNCTION ledger_guard_postings_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    bad record;
    entries uuid[];
    legs smallint[];
BEGIN
    IF NOT EXISTS (
        SELECT 1
          FROM (SELECT n.entry_id, sum(CASE n.side WHEN 'D' THEN n.amount_minor
                                                   ELSE -n.amount_minor END) AS uneven
                  FROM new_rows n GROUP BY n.entry_id, n.currency) s
         WHERE s.uneven <> 0 OR pg_current_xact_id() IS DISTINCT FROM (
               SELECT e.txid FROM ledger_journal_entry e WHERE e.id = s.entry_id)
    ) AND NOT EXISTS (SELECT 1 FROM ledger_dimension)
      AND NOT EXISTS (
        SELECT 1 FROM ledger_item_rule r
         WHERE r.account_id IN (SELECT n.account_id FROM new_rows n)
    ) THEN
        RETURN NULL;
    END IF;

    SELECT n.entry_id, n.currency,
           coalesce(sum(n.amount_minor) FILTER (WHERE n.side = 'D'), 0) AS debits,
           coalesce(sum(n.amount_minor) FILTER (WHERE n.side = 'C'), 0) AS credits
      INTO bad
      FROM new_rows n
     GROUP BY n.entry_id, n.currency
    HAVING sum(CASE n.side WHEN 'D' THEN n.amount_minor ELSE -n.amount_minor END) <> 0
     ORDER BY n.entry_id, n.currency
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % does not balance in %', bad.entry_id, bad.currency
            USING ERRCODE = 'LG001', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object(
                      'currency', bad.currency,
                      'debits_minor', bad.debits, 'credits_minor', bad.credits);
    END IF;

    SELECT array_agg(n.entry_id), array_agg(n.leg) INTO entries, legs FROM new_rows n;
    PERFORM 1 FROM (SELECT DISTINCT x.entry_id FROM unnest(entries) x(entry_id)) x
      LEFT JOIN ledger_journal_entry e ON e.id = x.entry_id
     WHERE e.txid IS DISTINCT FROM pg_current_xact_id();
    IF FOUND THEN
        RAISE EXCEPTION 'postings come in the transaction of their entry'
            USING ERRCODE = 'LG004', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;

    IF EXISTS (SELECT 1 FROM ledger_dimension) THEN
        PERFORM ledger_check_dimensions_v1(entries, legs);
    END IF;
    PERFORM ledger_note_items_v1(entries, legs);
    RETURN NULL;
END;
$$;

CREATE TRIGGER ledger_posting_guarded
    AFTER INSERT ON ledger_posting
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_postings_v1();
