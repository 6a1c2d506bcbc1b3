"""The laws of open items and clearing keys; statements as in ``violations``."""

from __future__ import annotations

FAST = {
    "ledger.open_items_are_the_balance": """
        SELECT a.code, format('open items come to %s, the balance to %s (debits less credits)',
                              x.open, x.held)
          FROM ledger_item_rule r
          JOIN ledger_account a ON a.id = r.account_id
          JOIN ledger_account_balance b ON b.account_id = a.id
         CROSS JOIN LATERAL (
               SELECT coalesce((SELECT sum(CASE i.side WHEN 'D' THEN 1 ELSE -1 END
                                           * (i.amount_minor - i.settled_minor))
                                  FROM ledger_item i
                                 WHERE i.account_id = a.id AND i.settled_minor < i.amount_minor),
                               0) AS open,
                      b.debits_minor - b.credits_minor + coalesce((
                          SELECT sum(CASE p.side WHEN 'D' THEN p.amount_minor
                                                 ELSE -p.amount_minor END)
                            FROM ledger_posting p
                           WHERE p.account_id = a.id AND p.account_version IS NULL), 0) AS held) x
         WHERE r.keeps_items AND x.open <> x.held
    """,
}

FULL = {
    "ledger.items_are_their_postings": """
        SELECT coalesce(p.entry_id, i.entry_id),
               format('leg %s: posting %s %s, item %s %s', coalesce(p.leg, i.leg), p.side,
                      p.amount_minor, i.side, i.amount_minor)
          FROM (SELECT p.* FROM ledger_posting p
                  JOIN ledger_item_rule r ON r.account_id = p.account_id AND r.keeps_items) p
          FULL JOIN ledger_item i ON i.entry_id = p.entry_id AND i.leg = p.leg
         WHERE (p.account_id, p.side, p.amount_minor, p.value_date, p.tenant) IS DISTINCT FROM
               (i.account_id, i.side, i.amount_minor, i.value_date, i.tenant)
    """,
    "ledger.items_are_settled_once": """
        SELECT coalesce(i.entry_id, l.entry_id),
               format('leg %s: %s of %s settled, its links say %s', coalesce(i.leg, l.leg),
                      i.settled_minor, i.amount_minor, coalesce(l.settled, 0))
          FROM ledger_item i
          FULL JOIN (
               SELECT x.entry_id, x.leg, sum(x.amount_minor) AS settled
                 FROM ledger_item_link n
                CROSS JOIN LATERAL (VALUES (n.debit_entry_id, n.debit_leg, n.amount_minor),
                                           (n.credit_entry_id, n.credit_leg, n.amount_minor))
                      x(entry_id, leg, amount_minor)
                WHERE NOT EXISTS (SELECT 1 FROM ledger_item_settlement u
                                   WHERE u.undoes_id = n.settlement_id)
                GROUP BY x.entry_id, x.leg) l ON l.entry_id = i.entry_id AND l.leg = i.leg
         WHERE i.leg IS NULL OR i.settled_minor <> coalesce(l.settled, 0)
            OR i.settled_minor NOT BETWEEN 0 AND i.amount_minor
    """,
    "ledger.settlements_have_links": """
        SELECT s.id, CASE WHEN s.undoes_id IS NULL THEN 'settles nothing'
                          ELSE 'undoes, and has links of its own' END
          FROM ledger_item_settlement s
         WHERE (s.undoes_id IS NULL) <> EXISTS (SELECT 1 FROM ledger_item_link n
                                                 WHERE n.settlement_id = s.id)
    """,
    "ledger.clearing_keys_are_their_postings": """
        SELECT coalesce(k.key, p.clearing_key), format('stored %s/%s of %s, postings %s/%s of %s',
               k.debits_minor, k.credits_minor, k.postings, p.debits, p.credits, p.postings)
          FROM ledger_clearing_key k
          FULL JOIN (
               SELECT p.account_id, p.clearing_key, count(*) AS postings,
                      coalesce(sum(p.amount_minor) FILTER (WHERE p.side = 'D'), 0) AS debits,
                      coalesce(sum(p.amount_minor) FILTER (WHERE p.side = 'C'), 0) AS credits,
                      min(p.value_date) AS first_date, max(p.value_date) AS last_date
                 FROM ledger_posting p
                 JOIN ledger_item_rule r ON r.account_id = p.account_id AND r.clears_by_key
                WHERE p.clearing_key IS NOT NULL
                GROUP BY p.account_id, p.clearing_key) p
            ON p.account_id = k.account_id AND p.clearing_key = k.key
         WHERE (k.debits_minor, k.credits_minor, k.postings, k.first_date, k.last_date)
               IS DISTINCT FROM
               (p.debits, p.credits, p.postings, p.first_date, p.last_date)
    """,
    "ledger.required_keys_are_given": """
        SELECT e.id, format('leg %s has no clearing key', p.leg)
          FROM ledger_item_rule r
          JOIN ledger_posting p ON p.account_id = r.account_id AND p.clearing_key IS NULL
          JOIN ledger_journal_entry e ON e.id = p.entry_id AND e.reverses_id IS NULL
         WHERE r.requires_key AND e.txid >= r.keys_from
    """,
}
