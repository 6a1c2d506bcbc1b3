"""The simulated M-Pesa Daraja, driven as a real process over HTTP."""
