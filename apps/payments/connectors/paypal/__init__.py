"""PayPal: Orders v2, Payments v2, Disputes v1, Payouts v1, reporting and signed webhooks."""
