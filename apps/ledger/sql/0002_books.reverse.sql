DROP TRIGGER ledger_balance_day_kept ON ledger_balance_day;
DROP TRIGGER ledger_account_status_followed ON ledger_account;
DROP FUNCTION ledger_follow_status_v1();
DROP TRIGGER ledger_account_balance_guarded ON ledger_account_balance;
DROP FUNCTION ledger_guard_balance_v1();
DROP TRIGGER ledger_account_balance_kept ON ledger_account_balance;
DROP TRIGGER ledger_account_meaning_kept ON ledger_account;
DROP TRIGGER ledger_account_kept ON ledger_account;
DROP TRIGGER ledger_posting_written_once ON ledger_posting;
DROP TRIGGER ledger_posting_append_only ON ledger_posting;
DROP TRIGGER ledger_journal_entry_append_only ON ledger_journal_entry;
DROP FUNCTION ledger_forbid_rewrite_v1();
DROP INDEX ledger_posting_posted_at_brin;
ALTER TABLE ledger_journal_entry DROP COLUMN txid;
ALTER TABLE ledger_balance_day RESET (fillfactor);
ALTER TABLE ledger_account_balance
    RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
