"""The law of templated entries, as ``violations`` asks it.

The legs are worked out anew in SQL from the stored parameters and the version's document: a second
implementation, which shares no line with ``domain.templates``. Parameters that were erased cannot
be worked out and are passed over.
"""

from __future__ import annotations

FULL = {
    "ledger.templated_entries_are_their_parameters": """
        WITH used AS (
            SELECT e.id, e.template, e.metadata #> '{template,parameters}' AS given, v.content
              FROM ledger_journal_entry e
              LEFT JOIN ledger_template t ON t.code = split_part(e.template, '@', 1)
              LEFT JOIN ledger_template_version v
                     ON v.template_id = t.id AND v.activated_at <= e.posted_at
                    AND t.code || '@' || v.number = e.template
             WHERE e.template <> '' AND e.metadata_salt IS NOT NULL
        ), parameter AS (
            SELECT u.id, p ->> 'name' AS name, p ->> 'currency' AS currency,
                   (u.given -> (p ->> 'name') ->> 'amount')::numeric AS whole,
                   u.given -> (p ->> 'name') ->> 'currency' AS given_currency
              FROM used u, jsonb_array_elements(u.content -> 'parameters') p
             WHERE p ->> 'type' = 'money'
        ), leg AS (
            SELECT u.id, l.n, l.leg ->> 'side' AS side, l.leg -> 'amount' AS amount,
                   CASE WHEN l.leg ->> 'account' LIKE '$%'
                        THEN u.given ->> substr(l.leg ->> 'account', 2)
                        ELSE l.leg ->> 'account' END AS account,
                   CASE WHEN l.leg #>> '{amount,basis_points}' LIKE '$%'
                        THEN u.given ->> substr(l.leg #>> '{amount,basis_points}', 2)
                        ELSE l.leg #>> '{amount,basis_points}' END::numeric AS share,
                   p.name, p.whole,
                   coalesce(l.leg #>> '{amount,currency}', p.currency, '') AS currency
              FROM used u
             CROSS JOIN jsonb_array_elements(u.content -> 'legs') WITH ORDINALITY l(leg, n)
              LEFT JOIN parameter p ON p.id = u.id
                    AND p.name IN (l.leg #>> '{amount,parameter}', l.leg #>> '{amount,of}')
        ), slice AS (
            SELECT id, side, name, n, whole, share FROM leg WHERE share IS NOT NULL
            UNION ALL
            SELECT id, side, name, NULL, min(whole), 10000 - sum(share)
              FROM leg WHERE share IS NOT NULL GROUP BY id, side, name
        ), ranked AS (
            SELECT id, n, div(whole * share, 10000) AS floor,
                   whole - sum(div(whole * share, 10000)) OVER (PARTITION BY id, side, name)
                       AS units,
                   row_number() OVER (
                       PARTITION BY id, side, name
                       ORDER BY whole * share % 10000 DESC,
                                CASE WHEN n IS NULL THEN 1
                                     WHEN div(whole * share, 10000) % 2 = 1 THEN 0 ELSE 2 END,
                                n) AS place
              FROM slice
        ), own AS (
            SELECT l.*, CASE WHEN l.amount ? 'rest' THEN 0
                             WHEN l.amount ? 'amount' THEN (l.amount ->> 'amount')::numeric
                             WHEN r.n IS NOT NULL THEN r.floor + (r.place <= r.units)::int
                             ELSE l.whole END AS minor
              FROM leg l LEFT JOIN ranked r ON r.id = l.id AND r.n = l.n
        ), said AS (
            SELECT o.id, o.n, o.side, o.account,
                   CASE WHEN o.currency = '' THEN (
                             SELECT min(p.given_currency) FROM parameter p
                              WHERE p.id = o.id AND p.currency = '')
                        ELSE o.currency END AS currency,
                   CASE WHEN o.amount ? 'rest' THEN (
                             SELECT sum(CASE x.side WHEN o.side THEN -x.minor ELSE x.minor END)
                               FROM own x WHERE x.id = o.id AND x.currency = o.currency)
                        ELSE o.minor END AS minor
              FROM own o
        ), meant AS (
            SELECT id, jsonb_agg(jsonb_build_array(
                           account, left(upper(side), 1), minor, currency) ORDER BY n) AS legs
              FROM said WHERE minor <> 0 GROUP BY id
        )
        SELECT u.id, CASE WHEN u.content IS NULL
                          THEN format('%s was not active when it was posted', u.template)
                          ELSE format('%s comes to %s, posted were %s', u.template, m.legs, p.legs)
                     END
          FROM used u
          LEFT JOIN meant m ON m.id = u.id
          LEFT JOIN LATERAL (
               SELECT jsonb_agg(jsonb_build_array(a.code, p.side, p.amount_minor, p.currency)
                                ORDER BY p.leg) AS legs
                 FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                WHERE p.entry_id = u.id) p ON true
         WHERE u.content IS NULL OR m.legs IS DISTINCT FROM p.legs
    """,
}
