"""Stripe and Stripe Connect, through the official SDK and one pinned version of the API."""
