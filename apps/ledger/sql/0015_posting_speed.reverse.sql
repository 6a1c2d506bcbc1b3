DROP FUNCTION ledger_late_days_v1(date[], text[], uuid[], boolean[], text[], timestamptz);
