"""Access tokens for a client's id and secret: OAuth 2.0 client credentials (RFC 6749, 4.4)."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from apps.identity.attempts import FailureLimit
from apps.identity.errors import CredentialRefused, TooManyAttempts, UnknownScope
from apps.identity.networks import client_address
from apps.identity.services import issue_access_token
from apps.platform.actors import Actor, ActorKind
from apps.tenancy.claims import basic_credentials

FAILURES = FailureLimit("token", limit=10, window_seconds=300)
GRANT = "client_credentials"


@method_decorator(csrf_exempt, name="dispatch")
class TokenEndpoint(View):
    """``POST /v1/oauth/token``. The client's id names its tenant, so any of our hosts will do."""

    def post(self, request: HttpRequest) -> JsonResponse:
        """A bearer token for 15 minutes, or an error as RFC 6749, 5.2 words it."""
        if request.POST.get("grant_type") != GRANT:
            return _error("unsupported_grant_type", "grant_type must be client_credentials")
        client, secret = _client(request)
        address = client_address(request)
        try:
            FAILURES.check(client, address)
            token = issue_access_token(
                client_id=client,
                secret=secret,
                address=address,
                scopes=request.POST.get("scope", "").split(),
                actor=Actor(ActorKind.SERVICE, client[:100]),
            )
        except TooManyAttempts as error:
            wait = {"Retry-After": str(error.retry_after_seconds)}
            return _error("temporarily_unavailable", error.title, status=429, headers=wait)
        except CredentialRefused as error:
            FAILURES.failed(client, address)
            ask = {"WWW-Authenticate": 'Basic realm="api"'}
            return _error("invalid_client", error.title, status=401, headers=ask)
        except UnknownScope as error:
            return _error("invalid_scope", f"the client may not use {error.scope}")
        return _answer(
            {
                "access_token": token.token,
                "token_type": "Bearer",
                "expires_in": token.expires_in_seconds,
                "scope": " ".join(token.scopes),
            }
        )


def _client(request: HttpRequest) -> tuple[str, str]:
    """Id and secret, by Basic or in the body; never in the URL."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return basic_credentials(rest)
    return request.POST.get("client_id", ""), request.POST.get("client_secret", "")


def _error(
    code: str, text: str, *, status: int = 400, headers: dict[str, str] | None = None
) -> JsonResponse:
    return _answer({"error": code, "error_description": text}, status, headers)


def _answer(
    body: dict[str, object], status: int = 200, headers: dict[str, str] | None = None
) -> JsonResponse:
    kept_nowhere = {"Cache-Control": "no-store", "Pragma": "no-cache", **(headers or {})}
    return JsonResponse(body, status=status, headers=kept_nowhere)
