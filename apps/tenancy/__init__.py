"""Tenants, their schemas, and running work for each of them."""
