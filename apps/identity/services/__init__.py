"""What can be done about people, roles and service clients."""

from apps.identity.services.access import (
    ServicePrincipal,
    forget_expired_tokens,
    issue_access_token,
    principal_of,
)
from apps.identity.services.api_keys import issue_api_key, revoke_api_key, rotate_api_key
from apps.identity.services.roles import define_role, grant_role, revoke_role, seed_roles
from apps.identity.services.second_factor import (
    confirm_second_factor,
    enrol_second_factor,
    has_second_factor,
    needs_second_factor,
    remove_second_factor,
    require_step_up,
    step_up,
    verify_code,
)
from apps.identity.services.service_clients import (
    create_service_client,
    deactivate_service_client,
    limit_service_client,
    rotate_client_secret,
)
from apps.identity.services.sessions import (
    begin_session,
    end_other_sessions,
    end_session,
    end_sessions_of_user,
    see_session,
)
from apps.identity.services.sign_ins import forget_old_sign_ins
from apps.identity.services.users import (
    change_password,
    create_user,
    deactivate_user,
    reactivate_user,
    set_password,
)

__all__ = [
    "ServicePrincipal",
    "begin_session",
    "change_password",
    "confirm_second_factor",
    "create_service_client",
    "create_user",
    "deactivate_service_client",
    "deactivate_user",
    "define_role",
    "end_other_sessions",
    "end_session",
    "end_sessions_of_user",
    "enrol_second_factor",
    "forget_expired_tokens",
    "forget_old_sign_ins",
    "grant_role",
    "has_second_factor",
    "issue_access_token",
    "issue_api_key",
    "limit_service_client",
    "needs_second_factor",
    "principal_of",
    "reactivate_user",
    "remove_second_factor",
    "require_step_up",
    "revoke_api_key",
    "revoke_role",
    "rotate_api_key",
    "rotate_client_secret",
    "see_session",
    "seed_roles",
    "set_password",
    "step_up",
    "verify_code",
]
