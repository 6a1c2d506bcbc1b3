"""Webhooks in the console."""

from apps.webhooks.admin import deliveries, endpoints, forms

__all__ = ["deliveries", "endpoints", "forms"]
