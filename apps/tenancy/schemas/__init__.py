"""Schemas as the database sees them: migrating one, writing one down, making one again."""
