"""Bank files: payments out, statuses and statements in. See ``README.md``."""
