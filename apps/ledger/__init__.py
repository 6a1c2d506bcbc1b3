"""The books: accounts, journal entries, balances."""
