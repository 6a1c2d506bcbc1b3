"""M-Pesa Daraja, played from its public portal text, with double-entry books of its own."""
