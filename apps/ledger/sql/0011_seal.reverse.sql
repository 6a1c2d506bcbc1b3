DROP TRIGGER ledger_journal_entry_written_once ON ledger_journal_entry;
DROP TRIGGER ledger_journal_entry_append_only ON ledger_journal_entry;
CREATE TRIGGER ledger_journal_entry_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_journal_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
DROP FUNCTION ledger_check_erasure_v1();
DROP FUNCTION ledger_erase_metadata_v1(uuid, uuid[], text, text, uuid, timestamptz);
DROP FUNCTION ledger_entry_payload_v1(uuid);
DROP TRIGGER ledger_posting_breaker_said_once ON ledger_posting_breaker;
DROP TRIGGER ledger_posting_breaker_kept ON ledger_posting_breaker;
DROP TRIGGER ledger_seal_continues ON ledger_seal;
DROP TRIGGER ledger_seal_append_only ON ledger_seal;
DROP TRIGGER ledger_seal_batch_said_once ON ledger_seal_batch;
DROP TRIGGER ledger_seal_batch_kept ON ledger_seal_batch;
DROP TRIGGER ledger_metadata_erasure_append_only ON ledger_metadata_erasure;
DROP FUNCTION ledger_check_seals_v1();
DROP FUNCTION ledger_unsealed_v1(integer);
DROP FUNCTION ledger_oldest_running_v1(pg_snapshot);
DROP FUNCTION ledger_seal_hash_v1(bigint, bytea, bytea);
DROP FUNCTION ledger_genesis_v1(uuid);
ALTER TABLE ledger_metadata_erasure DROP COLUMN txid;
ALTER TABLE ledger_seal_batch DROP COLUMN horizon;
DROP INDEX ledger_journal_entry_txid;
