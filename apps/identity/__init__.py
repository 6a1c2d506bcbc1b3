"""People, service clients and what they may do."""
