"""PayPal, simulated: Orders v2, Payments v2, Disputes v1, Payouts v1, reporting and webhooks."""
