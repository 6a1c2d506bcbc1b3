"""The law of sharded accounts, as ``violations`` asks it."""

from __future__ import annotations

FAST = {
    "ledger.shards_are_the_room": """
        SELECT a.code, format('%s parts leave %s down and %s up, balance %s, floor %s, ceiling %s',
                              s.parts, s.down, s.up, x.held, b.floor_minor, b.ceiling_minor)
          FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
          LEFT JOIN (SELECT account_id, count(*) AS parts, sum(down_minor) AS down,
                            sum(up_minor) AS up
                       FROM ledger_balance_shard GROUP BY account_id) s
            ON s.account_id = b.account_id,
               LATERAL (SELECT b.normal_sign * (b.debits_minor - b.credits_minor + coalesce(sum(
                                   CASE p.side WHEN 'D' THEN p.amount_minor
                                               ELSE -p.amount_minor END), 0)) AS held
                          FROM ledger_posting p
                         WHERE p.account_id = b.account_id AND p.account_version IS NULL
                           AND b.mode = 'sharded') x
         WHERE (b.mode = 'sharded') <> (coalesce(s.parts, 0) = 16)
            OR (b.mode = 'sharded' AND (s.down, s.up) IS DISTINCT FROM
                                       (x.held - b.floor_minor, b.ceiling_minor - x.held))
    """,
}
