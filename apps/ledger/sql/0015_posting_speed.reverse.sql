DROP TRIGGER ledger_posting_guarded ON ledger_posting;
DROP FUNCTION ledger_guard_postings_v1();
DROP TRIGGER ledger_journal_entry_guarded ON ledger_journal_entry;
DROP FUNCTION ledger_guard_entries_v1();
DROP FUNCTION ledger_post_few_entries_v1;
