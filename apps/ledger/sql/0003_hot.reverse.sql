DROP TRIGGER ledger_account_balance_limits_cut ON ledger_account_balance;
DROP FUNCTION ledger_keep_limits_v1;
DROP FUNCTION ledger_change_limits_v1;
DROP FUNCTION ledger_change_mode_v1;
DROP FUNCTION ledger_release_early_v1;
DROP FUNCTION ledger_part_of_v1;
DROP FUNCTION ledger_level_shards_v1;
DROP FUNCTION ledger_take_room_v1;
DROP FUNCTION ledger_fold_v1;
DROP FUNCTION ledger_fold_postings_v1;
DROP FUNCTION ledger_fold_turn_v1;
ALTER TABLE ledger_posting RESET (autovacuum_vacuum_scale_factor);
ALTER TABLE ledger_balance_shard RESET (
    fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold
);
