"""What neighbours tell us, read and checked."""

from apps.integrations.domain.orders import Order, Party, read_order

__all__ = ["Order", "Party", "read_order"]
