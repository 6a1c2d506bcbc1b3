"""Tables of people and what they may do."""

from apps.identity.models.users import Role, User

__all__ = ["Role", "User"]
