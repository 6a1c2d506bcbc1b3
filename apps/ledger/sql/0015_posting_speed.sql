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
