"""Tables of people, programs, and what they may do."""

from apps.identity.models.service_clients import AccessToken, ApiKey, ServiceClient
from apps.identity.models.users import Role, RoleGrant, User

__all__ = ["AccessToken", "ApiKey", "Role", "RoleGrant", "ServiceClient", "User"]
