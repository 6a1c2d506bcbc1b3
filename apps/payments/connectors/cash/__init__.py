"""Money handed over by hand: no provider tells of it, so people do."""
