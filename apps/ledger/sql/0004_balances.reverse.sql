DROP FUNCTION ledger_sums_as_of_v1;
