"""Reads across the books: the audit of all of them, the trial balance."""
