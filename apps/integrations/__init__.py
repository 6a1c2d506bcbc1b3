"""Consumers of neighbouring systems: food delivery and notifications."""
