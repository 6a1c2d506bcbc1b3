"""Webhooks in the console."""
