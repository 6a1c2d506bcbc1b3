"""The console: the admin site, its page patterns, and what other apps register with it."""
