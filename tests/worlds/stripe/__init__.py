"""A simulated Stripe: the objects, money and webhooks of one API version, for the official SDK."""
