"""Each guard of the ledger removed in turn; some test must notice. Run with ``make mutants``."""
