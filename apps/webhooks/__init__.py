"""Webhooks: every event of the house, told to the addresses that a tenant registers."""
