"""Django settings: ``base`` for all, one module for each environment."""
