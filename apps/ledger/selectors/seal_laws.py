"""The laws of the chain, the guards and the breaker; statements as in ``violations``.

The chain is recomputed link by link from the entries themselves, so a change of one byte anywhere
below a seal is found by the place where it was made.
"""

from __future__ import annotations

FAST = {
    "ledger.chain_ends_in_its_last_batch": """
        SELECT 'seals', format('the last is number %s, the last batch says %s, or another hash',
                               s.number, b.last)
          FROM (SELECT number, hash FROM ledger_seal ORDER BY number DESC LIMIT 1) s
          FULL JOIN (SELECT last, head FROM ledger_seal_batch ORDER BY number DESC LIMIT 1) b
            ON b.last = s.number AND b.head = s.hash
         WHERE s.number IS NULL OR b.last IS NULL
    """,
    "ledger.guards_stand": """
        SELECT coalesce(t.guard, w.guard), CASE WHEN t.guard IS NULL THEN 'is missing'
                                                ELSE 'is switched off' END
          FROM (VALUES ('ledger_journal_entry_append_only'), ('ledger_journal_entry_guarded'),
                       ('ledger_journal_entry_written_once'), ('ledger_posting_append_only'),
                       ('ledger_posting_guarded'), ('ledger_account_kept'),
                       ('ledger_account_meaning_kept'), ('ledger_account_balance_kept'),
                       ('ledger_account_balance_guarded'), ('ledger_balance_day_kept'),
                       ('ledger_posting_written_once'), ('ledger_account_status_followed'),
                       ('ledger_seal_append_only'), ('ledger_seal_continues'),
                       ('ledger_seal_batch_kept'), ('ledger_seal_batch_said_once'),
                       ('ledger_metadata_erasure_append_only'), ('ledger_posting_breaker_kept'),
                       ('ledger_posting_breaker_said_once'),
                       ('ledger_period_move'), ('ledger_period_request_four_eyes'),
                       ('ledger_period_balance_append_only'),
                       ('ledger_journal_entry_reverses_within'),
                       ('ledger_journal_entry_approved'), ('ledger_manual_journal_move'),
                       ('ledger_journal_approval_four_eyes')) w(guard)
          FULL JOIN (
               SELECT g.tgname::text AS guard, g.tgenabled AS state FROM pg_trigger g
                 JOIN pg_class c ON c.oid = g.tgrelid
                WHERE c.relnamespace = current_schema()::regnamespace AND NOT g.tgisinternal
                  AND c.relname LIKE 'ledger\\_%') t ON t.guard = w.guard
         WHERE t.state IS DISTINCT FROM 'O'
    """,
}

FULL = {
    "ledger.chain_holds": """
        SELECT format('seal %s', s.number),
               format('entry %s: %s', s.entry_id,
                      CASE WHEN e.id IS NULL THEN 'is gone'
                           WHEN s.payload <> e.digest THEN 'is not what was sealed'
                           ELSE 'its seal does not continue the chain' END)
          FROM (SELECT number, entry_id, tenant, payload, previous, hash,
                       row_number() OVER w AS place, lag(hash) OVER w AS before
                  FROM ledger_seal WINDOW w AS (ORDER BY number)) s
          LEFT JOIN ledger_journal_entry e ON e.id = s.entry_id
         WHERE s.payload IS DISTINCT FROM e.digest OR s.number <> s.place
            OR s.previous IS DISTINCT FROM coalesce(s.before, ledger_genesis_v1(s.tenant))
            OR s.hash <> ledger_seal_hash_v1(s.number, s.previous, s.payload)
    """,
    "ledger.batches_are_their_seals": """
        SELECT format('batch %s', b.number),
               format('seals %s to %s, after %s; its head is not that seal, or there is a gap',
                      b.first, b.last, coalesce(b.before, 0))
          FROM (SELECT number, first, last, head, lag(last) OVER w AS before,
                       lag(number) OVER w AS number_before
                  FROM ledger_seal_batch WINDOW w AS (ORDER BY number)) b
          LEFT JOIN ledger_seal s ON s.number = b.last
         WHERE s.hash IS DISTINCT FROM b.head OR b.first <> coalesce(b.before, 0) + 1
            OR b.number <> coalesce(b.number_before, 0) + 1
    """,
    "ledger.every_settled_entry_is_sealed": """
        SELECT e.id, format('of transaction %s, and all below %s are said to be sealed', e.txid,
                            b.horizon)
          FROM (SELECT horizon FROM ledger_seal_batch ORDER BY number DESC LIMIT 1) b
          JOIN ledger_journal_entry e ON e.txid < b.horizon
           AND b.horizon <= pg_snapshot_xmax(pg_current_snapshot())
          LEFT JOIN ledger_seal s ON s.entry_id = e.id
         WHERE s.number IS NULL
    """,
}
