"""M-Pesa (Safaricom Daraja 3.0): STK push, B2C v3, status queries, statement."""
