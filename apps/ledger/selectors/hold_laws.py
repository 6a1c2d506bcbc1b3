"""The laws of held money, as ``violations`` asks them."""

from __future__ import annotations

FAST = {
    "ledger.pending_is_what_is_held": """
        SELECT coalesce(a.code, h.account_id::text),
               format('pending %s/%s, open holds %s/%s', b.pending_debits_minor,
                      b.pending_credits_minor, coalesce(h.debits, 0), coalesce(h.credits, 0))
          FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
          FULL JOIN (
               SELECT account_id,
                      coalesce(sum(open_minor) FILTER (WHERE side = 'D'), 0) AS debits,
                      coalesce(sum(open_minor) FILTER (WHERE side = 'C'), 0) AS credits
                 FROM ledger_hold_leg WHERE open_minor > 0 GROUP BY account_id) h
            ON h.account_id = b.account_id
         WHERE (b.pending_debits_minor, b.pending_credits_minor)
               IS DISTINCT FROM (coalesce(h.debits, 0), coalesce(h.credits, 0))
    """,
}

FULL = {
    "ledger.holds_are_their_movements": """
        SELECT h.id, format('leg %s is not what the movements say, or the status %s is not', l.leg,
                            h.status)
          FROM ledger_hold h
          LEFT JOIN ledger_hold_leg l ON l.hold_id = h.id
          LEFT JOIN LATERAL (
               SELECT count(*) AS movements, max(m.number) AS last,
                      coalesce(sum(m.amounts_minor[l.leg]) FILTER (WHERE m.kind = 'placed'), 0)
                          AS placed,
                      coalesce(sum(m.amounts_minor[l.leg]) FILTER (WHERE m.kind = 'captured'), 0)
                          AS captured,
                      coalesce(sum(m.amounts_minor[l.leg]) FILTER (WHERE m.kind = 'released'), 0)
                          AS released,
                      coalesce(sum(m.amounts_minor[l.leg]) FILTER (WHERE m.kind = 'expired'), 0)
                          AS expired,
                      (array_agg(m.open_after_minor[l.leg] ORDER BY m.number DESC))[1] AS open
                 FROM ledger_hold_movement m WHERE m.hold_id = h.id) m ON true
         WHERE l.leg IS NULL OR m.movements <> m.last
            OR (l.amount_minor, l.captured_minor, l.released_minor, l.expired_minor, l.open_minor)
               IS DISTINCT FROM (m.placed, m.captured, m.released, m.expired, m.open)
            OR (h.status = 'open') <> EXISTS (
               SELECT 1 FROM ledger_hold_leg o WHERE o.hold_id = h.id AND o.open_minor > 0)
    """,
    "ledger.captures_are_posted": """
        SELECT coalesce(m.hold_id::text, 'none'),
               format('entry %s: %s %s captured, %s posted', coalesce(m.entry_id, p.entry_id),
                      coalesce(m.account_id, p.account_id), coalesce(m.amount, 0),
                      coalesce(p.amount, 0))
          FROM (SELECT m.hold_id, m.entry_id, l.account_id, l.side,
                       sum(m.amounts_minor[l.leg]) AS amount
                  FROM ledger_hold_movement m JOIN ledger_hold_leg l ON l.hold_id = m.hold_id
                 WHERE m.entry_id IS NOT NULL
                 GROUP BY m.hold_id, m.entry_id, l.account_id, l.side
                HAVING sum(m.amounts_minor[l.leg]) <> 0) m
          FULL JOIN (
                SELECT entry_id, account_id, side, sum(amount_minor) AS amount
                  FROM ledger_posting
                 WHERE entry_id IN (SELECT entry_id FROM ledger_hold_movement
                                     WHERE entry_id IS NOT NULL)
                 GROUP BY entry_id, account_id, side) p
            ON (p.entry_id, p.account_id, p.side) = (m.entry_id, m.account_id, m.side)
         WHERE m.amount IS DISTINCT FROM p.amount
    """,
}
