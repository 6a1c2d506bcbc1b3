-- What accounts held, as of a value date or instant, as of when it was recorded, or both. The one
-- primitive under every such read, exact in each balance mode.
--
-- Whole days come from ledger_balance_day, a cube by value date and by the UTC day of recording, so
-- that a back-dated posting is one more row or one update of one. What is left are tails:
--
--   the value date that p_effective_at falls on   its postings, by the index on value date
--   the UTC day that p_recorded_at falls on       its postings, under the value dates which the
--                                                 cube names for that day
--   postings without a number                     not folded in yet, so in no day
--
-- p_value_date alone takes the whole day; with p_effective_at, an instant on that day, entries that
-- know no instant count from its start. A NULL bound is none. Both instants are included.
CREATE FUNCTION ledger_sums_as_of_v1(
    p_accounts uuid[], p_value_date date, p_effective_at timestamptz, p_recorded_at timestamptz
) RETURNS TABLE (account_id uuid, debits_minor bigint, credits_minor bigint)
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    WITH bound AS MATERIALIZED (
        SELECT CASE WHEN p_effective_at IS NULL THEN coalesce(p_value_date, 'infinity')
                    ELSE p_value_date - 1 END AS whole_days,
               coalesce((p_recorded_at AT TIME ZONE 'UTC')::date, 'infinity') AS recorded_day,
               coalesce(p_recorded_at, 'infinity') AS recorded_at
    ), part AS (
        SELECT d.account_id, d.debits_minor AS debit, d.credits_minor AS credit
          FROM ledger_balance_day d
         WHERE d.account_id = ANY (p_accounts)
           AND d.value_date <= (SELECT whole_days FROM bound)
           AND d.recorded_date < (SELECT recorded_day FROM bound)
        UNION ALL
        SELECT p.account_id, CASE p.side WHEN 'D' THEN p.amount_minor ELSE 0 END,
               CASE p.side WHEN 'C' THEN p.amount_minor ELSE 0 END
          FROM ledger_balance_day d
          JOIN ledger_posting p ON p.account_id = d.account_id AND p.value_date = d.value_date
           AND p.posted_at >= d.recorded_date::timestamp AT TIME ZONE 'UTC'
           AND p.posted_at <= p_recorded_at AND p.account_version IS NOT NULL
         WHERE p_recorded_at IS NOT NULL AND d.account_id = ANY (p_accounts)
           AND d.value_date <= (SELECT whole_days FROM bound)
           AND d.recorded_date = (SELECT recorded_day FROM bound)
        UNION ALL
        SELECT p.account_id, CASE p.side WHEN 'D' THEN p.amount_minor ELSE 0 END,
               CASE p.side WHEN 'C' THEN p.amount_minor ELSE 0 END
          FROM ledger_posting p JOIN ledger_journal_entry e ON e.id = p.entry_id
         WHERE p_effective_at IS NOT NULL AND p.account_id = ANY (p_accounts)
           AND p.value_date = p_value_date AND p.posted_at <= (SELECT recorded_at FROM bound)
           AND p.account_version IS NOT NULL
           AND coalesce(e.effective_at <= p_effective_at, true)
        UNION ALL
        SELECT p.account_id, CASE p.side WHEN 'D' THEN p.amount_minor ELSE 0 END,
               CASE p.side WHEN 'C' THEN p.amount_minor ELSE 0 END
          FROM ledger_posting p LEFT JOIN ledger_journal_entry e
            ON e.id = p.entry_id AND p_effective_at IS NOT NULL
         WHERE p.account_id = ANY (p_accounts) AND p.account_version IS NULL
           AND p.posted_at <= (SELECT recorded_at FROM bound)
           AND (p.value_date <= (SELECT whole_days FROM bound)
                OR p.value_date = p_value_date AND coalesce(e.effective_at <= p_effective_at, true))
    )
    SELECT a.id, coalesce(sum(part.debit), 0)::bigint, coalesce(sum(part.credit), 0)::bigint
      FROM unnest(p_accounts) a(id) LEFT JOIN part ON part.account_id = a.id
     GROUP BY a.id
$$;
