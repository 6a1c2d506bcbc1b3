"""The console pages of payments."""
