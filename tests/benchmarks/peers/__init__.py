"""Programs that run in the peers' own environment; nothing of the house is imported here."""
