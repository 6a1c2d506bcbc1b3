"""The laws of currencies, for ``books_violations``: each statement tells what breaks its law."""

FULL = {
    "ledger.fx_conversions_are_their_entries": """
        SELECT c.id, format('%s: %s %s %s is only on one side', d.account, d.side,
                            d.amount_minor, d.currency)
          FROM ledger_fx_conversion c, ledger_fx_conversion_differences_v1(c.id) d
    """,
    "ledger.fx_conversions_are_their_quotes": """
        SELECT c.id, format('differs from quote %s, or was accepted at %s, after %s', q.id,
                            c.accepted_at, q.expires_at)
          FROM ledger_fx_conversion c LEFT JOIN ledger_fx_quote q ON q.id = c.quote_id
         WHERE q.id IS NULL OR c.accepted_at >= q.expires_at
            OR (c.sell_currency, c.buy_currency, c.functional_currency, c.sell_minor,
                c.sell_position_minor, c.sell_rounding_minor, c.spread_minor, c.buy_minor,
                c.buy_position_minor, c.buy_rounding_minor, c.value_minor, c.sell_value_minor,
                c.buy_value_minor, c.mid, c.spread_bps)
               IS DISTINCT FROM
               (q.sell_currency, q.buy_currency, q.functional_currency, q.sell_minor,
                q.sell_position_minor, q.sell_rounding_minor, q.spread_minor, q.buy_minor,
                q.buy_position_minor, q.buy_rounding_minor, q.value_minor, q.sell_value_minor,
                q.buy_value_minor, q.mid, q.spread_bps)
    """,
    "ledger.fx_entries_have_their_row": """
        SELECT e.id, format('an entry of kind %s that nothing in the books explains', e.kind)
          FROM ledger_journal_entry e
          LEFT JOIN ledger_fx_conversion c ON c.entry_id = e.id
          LEFT JOIN ledger_fx_revaluation r ON r.entry_id = e.id
         WHERE (e.kind = 'fx' AND c.id IS NULL) OR (e.kind = 'revaluation' AND r.id IS NULL)
    """,
    "ledger.fx_positions_are_their_conversions": """
        SELECT coalesce(p.currency, f.currency),
               format('held %s at %s, realised %s; conversions make %s at %s, realised %s',
                      p.quantity_minor, p.carried_minor, p.realised_minor, f.quantity, f.carried,
                      f.realised)
          FROM ledger_fx_position p
          FULL JOIN (
               SELECT m.currency, sum(m.quantity) AS quantity, sum(m.value + m.realised) AS carried,
                      sum(m.realised) AS realised
                 FROM ledger_fx_conversion c, LATERAL (VALUES
                      (c.sell_currency, c.direction * c.sell_position_minor,
                       c.direction * c.value_minor, c.sell_realised_minor),
                      (c.buy_currency, -c.direction * c.buy_position_minor,
                       -c.direction * c.value_minor, c.buy_realised_minor)
                      ) m(currency, quantity, value, realised)
                WHERE m.currency <> c.functional_currency GROUP BY m.currency) f
            ON f.currency = p.currency
         WHERE (p.quantity_minor, p.carried_minor, p.realised_minor)
               IS DISTINCT FROM (f.quantity, f.carried, f.realised)
    """,
    "ledger.fx_positions_are_their_accounts": """
        SELECT coalesce(b.code, x.code),
               format('positions say %s, the postings %s', x.minor, b.minor)
          FROM (SELECT 'fx.position.' || currency AS code, quantity_minor AS minor
                  FROM ledger_fx_position
                UNION ALL
                SELECT 'fx.position.' || functional_currency, -sum(carried_minor)
                  FROM ledger_fx_position GROUP BY functional_currency) x
          FULL JOIN (
               SELECT a.code, sum(CASE p.side WHEN 'C' THEN p.amount_minor
                                              ELSE -p.amount_minor END) AS minor
                 FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id
                WHERE a.code LIKE 'fx.position.%' GROUP BY a.code) b ON b.code = x.code
         WHERE coalesce(x.minor, 0) <> coalesce(b.minor, 0)
    """,
    "ledger.fx_revaluations_are_taken_back": """
        SELECT r.id, format('%s: %s leaves %s on %s after its reversal', r.as_of, n.currency,
                            n.minor, n.code)
          FROM ledger_fx_revaluation r, LATERAL (
               SELECT a.code, p.currency,
                      sum(CASE p.side WHEN 'D' THEN p.amount_minor
                                      ELSE -p.amount_minor END) AS minor
                 FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                WHERE p.entry_id IN (r.entry_id, r.reversal_id)
                GROUP BY a.code, p.currency) n
         WHERE n.minor <> 0 OR n.currency <> r.functional_currency
        UNION ALL
        SELECT r.id,
               format('%s: the entry, its dates or its result are not those of the run', r.as_of)
          FROM ledger_fx_revaluation r
          LEFT JOIN ledger_journal_entry e ON e.id = r.entry_id
          LEFT JOIN ledger_journal_entry t ON t.id = r.reversal_id
          LEFT JOIN LATERAL (
               SELECT coalesce(sum(CASE p.side WHEN 'C' THEN p.amount_minor
                                               ELSE -p.amount_minor END), 0) AS minor
                 FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                WHERE p.entry_id = r.entry_id AND a.code = 'fx.unrealised') u ON true
         WHERE r.state = 'posted'
           AND (u.minor <> r.result_minor
                OR (r.entry_id IS NOT NULL AND (e.value_date, t.value_date, t.reverses_id)
                    IS DISTINCT FROM (r.as_of, r.reversal_date, r.entry_id)))
    """,
}
