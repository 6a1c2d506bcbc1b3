"""Pages about one's own account, and about service clients."""
