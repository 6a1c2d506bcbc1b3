"""The laws of closed periods, reversals and manual entries; statements as in ``violations``."""

from __future__ import annotations

FULL = {
    "ledger.closed_periods_are_frozen": """
        SELECT coalesce(f.period, n.period), format('%s: frozen %s/%s, postings now %s/%s',
               coalesce(a.code, coalesce(f.account_id, n.account_id)::text),
               f.debits_minor, f.credits_minor, n.debits_minor, n.credits_minor)
          FROM (SELECT p.name AS period, b.account_id, b.debits_minor, b.credits_minor
                  FROM ledger_period p
                  JOIN ledger_period_closing c ON c.period_id = p.id AND c.number = p.closings
                  JOIN ledger_period_balance b ON b.closing_id = c.id
                 WHERE p.state = 'hard_closed') f
          FULL JOIN (
               SELECT p.name AS period, s.account_id, s.debits_minor, s.credits_minor
                 FROM ledger_period p, ledger_sums_through_v1(p.ends) s
                WHERE p.state = 'hard_closed') n
            ON n.period = f.period AND n.account_id = f.account_id
          LEFT JOIN ledger_account a ON a.id = coalesce(f.account_id, n.account_id)
         WHERE (f.debits_minor, f.credits_minor) IS DISTINCT FROM (n.debits_minor, n.credits_minor)
    """,
    "ledger.reversals_stay_within": """
        SELECT t.reverses_id, format('%s of account %s taken back, posted %s', t.taken,
                                     coalesce(a.code, t.account_id::text), coalesce(o.posted, 0))
          FROM (SELECT e.reverses_id, p.account_id, p.side, coalesce(p.clearing_key, '') AS key,
                       sum(p.amount_minor) AS taken
                  FROM ledger_journal_entry e JOIN ledger_posting p ON p.entry_id = e.id
                 WHERE e.reverses_id IS NOT NULL
                 GROUP BY e.reverses_id, p.account_id, p.side, coalesce(p.clearing_key, '')) t
          LEFT JOIN LATERAL (
               SELECT sum(p.amount_minor) AS posted FROM ledger_posting p
                WHERE p.entry_id = t.reverses_id AND p.account_id = t.account_id
                  AND p.side <> t.side AND coalesce(p.clearing_key, '') = t.key) o ON true
          LEFT JOIN ledger_account a ON a.id = t.account_id
         WHERE t.taken > coalesce(o.posted, 0)
    """,
    "ledger.manual_entries_are_as_approved": """
        SELECT e.id, format('journal %s is not what was posted, or lacks approvals', e.approval_id)
          FROM ledger_journal_entry e
          LEFT JOIN ledger_manual_journal j ON j.id = e.approval_id AND j.entry_id = e.id
          LEFT JOIN LATERAL (
               SELECT jsonb_agg(jsonb_build_object(
                          'account', a.code, 'side', p.side, 'amount_minor', p.amount_minor,
                          'currency', p.currency, 'clearing_key', coalesce(p.clearing_key, ''))
                          ORDER BY p.leg) AS said
                 FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                WHERE p.entry_id = e.id) l ON true
         WHERE (e.kind = 'manual' OR e.kind LIKE 'manual.%') AND e.approval_id IS NOT NULL
           AND (j.id IS NULL OR j.state <> 'posted' OR j.lines <> l.said
                OR j.description <> e.description
                OR j.approvals_needed > (
                   SELECT count(*) FROM ledger_journal_approval x
                    WHERE x.journal_id = j.id AND x.round = j.round AND x.digest = j.digest
                      AND x.verdict = 'approve'))
    """,
    "ledger.recurring_entries_are_as_approved": """
        SELECT e.id, format('recurring entry %s is not what was posted, or lacks approvals',
                            e.approval_id)
          FROM ledger_journal_entry e
          LEFT JOIN ledger_recurring_occurrence o ON o.entry_id = e.id
          LEFT JOIN ledger_recurring r ON r.id = o.recurring_id AND r.id = e.approval_id
          LEFT JOIN LATERAL (
               SELECT jsonb_agg(jsonb_build_object(
                          'account', a.code, 'side', p.side, 'amount_minor', p.amount_minor,
                          'currency', p.currency, 'clearing_key', coalesce(p.clearing_key, ''))
                          ORDER BY p.leg) AS said
                 FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                WHERE p.entry_id = e.id) l ON true
         WHERE e.kind = 'recurring'
           AND (r.id IS NULL OR r.lines <> l.said OR r.description <> e.description
                OR o.number >= r.done
                OR o.day <> ledger_recurring_day_v1(
                       r.starts, r.frequency, r.every, r.at_month_end, o.number)
                OR r.approvals_needed > (
                   SELECT count(*) FROM ledger_recurring_approval x
                    WHERE x.recurring_id = r.id AND x.digest = r.digest))
    """,
}
