"""A ledger in plain Python, and a state machine that asks it and the real one the same things."""
