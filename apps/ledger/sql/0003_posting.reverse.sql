DROP FUNCTION ledger_post_entries_v1;
DROP FUNCTION ledger_post_entry_v1;
DROP FUNCTION ledger_refuse_v1;
DROP FUNCTION ledger_entry_balances_v1;
DROP FUNCTION ledger_first_entry_v1;
DROP FUNCTION ledger_entry_digest_v1;
