"""The database backend: that of django-tenants, which asks less often. ``ENGINE`` names it."""
