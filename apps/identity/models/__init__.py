"""Tables of people, programs, and what they may do."""

from apps.identity.models.service_clients import AccessToken, ApiKey, ServiceClient
from apps.identity.models.sessions import PersonSession
from apps.identity.models.users import Role, RoleGrant, User

__all__ = ["AccessToken", "ApiKey", "PersonSession", "Role", "RoleGrant", "ServiceClient", "User"]
