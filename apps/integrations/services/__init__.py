"""What neighbours can set in motion."""

from apps.integrations.services.orders import collect_order

__all__ = ["collect_order"]
