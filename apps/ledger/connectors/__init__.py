"""Others whose figures the ledger takes: translation and one call each, no state."""
