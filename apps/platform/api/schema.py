"""The OpenAPI 3.1 description: what drf-spectacular cannot know by itself.

Every operation may answer with a problem, says which scope it needs, and asks for an
``Idempotency-Key`` if it changes something. Money and public ids are described once.
"""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, OpenApiParameter, inline_serializer
from rest_framework import serializers

from apps.platform.money import MINOR_MAX

PREFIX = "/v1/"
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
KEY_SCHEME = "ApiKey"
OAUTH_SCHEME = "OAuth2"
TOKEN_URL = "/v1/oauth/token"  # noqa: S105  an address
_ID_LETTERS = "[0-9a-hjkmnp-tv-z]{26}"

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457). The catalogue at /v1/docs/problems"
    " names every code.",
    "required": [
        "type",
        "title",
        "status",
        "detail",
        "code",
        "facts",
        "errors",
        "request_id",
        "retryable",
    ],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string", "description": "The broken rule in one sentence."},
        "status": {"type": "integer", "examples": [422]},
        "detail": {"type": "string"},
        "code": {"type": "string", "examples": ["platform/invalid-fields"]},
        "advice": {"type": "string", "description": "What to do about it."},
        "facts": {
            "type": "object",
            "description": "The figures and names behind the refusal, by code.",
            "additionalProperties": True,
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901)."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "request_id": {"type": "string"},
        "retryable": {
            "type": "boolean",
            "description": "The same request, sent again, may succeed.",
        },
    },
}


class EndpointSchema(AutoSchema):
    """How an ``Endpoint`` describes its operations."""

    def get_override_parameters(self) -> list[Any]:
        """Calls that change something carry a key."""
        if self.method not in UNSAFE:
            return []
        return [
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="1 to 255 visible ASCII letters, fresh for each intention (a UUID)."
                " Repeating a request with its key repeats its answer, marked"
                " `Idempotent-Replayed: true`, and changes nothing.",
            )
        ]

    def get_operation_id(self) -> str:
        """``ledger_post_entries``: app, method and the name of the view, which is its noun."""
        name = type(self.view).__name__.removesuffix("View").removesuffix("Endpoint")
        noun = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        return "_".join([*self.get_tags(), self.method.lower(), noun])

    def get_auth(self) -> list[dict[str, list[str]]]:
        """An API key, or an access token with the scope the view asks for."""
        if not self.view.authentication_classes:
            return []
        scope = getattr(self.view, "required_scope", {}).get(self.method)
        return [{KEY_SCHEME: []}, {OAUTH_SCHEME: [scope] if scope else []}]


class _MoneySchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # its base registers it
    target_class = "apps.platform.api.fields.MoneyField"

    def get_name(self) -> str:
        return "Money"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        return {
            "type": "object",
            "description": "Whole minor units of a currency.",
            "required": ["amount", "currency"],
            "additionalProperties": False,
            "properties": {
                "amount": {
                    "type": "integer",
                    "format": "int64",
                    "minimum": -MINOR_MAX,
                    "maximum": MINOR_MAX,
                    "examples": [105000],
                },
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["KES"]},
                "amount_decimal": {"type": "string", "readOnly": True, "examples": ["1050.00"]},
            },
        }


class _PublicIdSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # its base registers it
    target_class = "apps.platform.api.fields.PublicIdField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        prefix = self.target.prefix
        return {
            "type": "string",
            "pattern": f"^{prefix}_{_ID_LETTERS}$",
            "examples": [f"{prefix}_01k9zv5e2cfd2t6h3q8m4n7pws"],
        }


def page_of(serializer: type[serializers.Serializer]) -> serializers.Serializer:
    """For ``extend_schema(responses=…)``: a page of what ``serializer`` describes."""
    return inline_serializer(
        f"{serializer.__name__.removesuffix('Serializer')}Page",
        {
            "data": serializer(many=True),
            "next": serializers.URLField(allow_null=True, help_text="The page of older rows."),
            "previous": serializers.URLField(allow_null=True, help_text="The page of newer rows."),
        },
    )


def add_problem_answers(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Say that every operation of ``/v1`` may answer with a problem, and how a caller signs in."""
    paths = result.get("paths", {})
    result["paths"] = {path: paths[path] for path in paths if path.startswith(PREFIX)}
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components.setdefault("responses", {})["Problem"] = {
        "description": "The request was refused; nothing was changed.",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    scopes = set()
    for operation in _operations(result):
        operation["responses"].setdefault("default", {"$ref": "#/components/responses/Problem"})
        for requirement in operation.get("security", ()):
            scopes.update(requirement.get(OAUTH_SCHEME, ()))
    components["securitySchemes"] = _security_schemes(sorted(scopes))
    _drop_empty_defaults(result)
    return result


def _drop_empty_defaults(node: object) -> None:
    """A field that may be left out has the default "", which its own minimum length forbids."""
    if isinstance(node, dict):
        if node.get("default") == "" and node.get("minLength"):
            del node["default"]
        for inner in node.values():
            _drop_empty_defaults(inner)
    elif isinstance(node, list):
        for inner in node:
            _drop_empty_defaults(inner)


def _operations(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        operation
        for path in result["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "responses" in operation
    ]


def _security_schemes(scopes: list[str]) -> dict[str, Any]:
    flow = {"tokenUrl": TOKEN_URL, "scopes": {scope: scope for scope in scopes}}
    return {
        KEY_SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key: `Authorization: Bearer ch_live_…` or `ch_test_…`.",
        },
        OAUTH_SCHEME: {"type": "oauth2", "flows": {"clientCredentials": flow}},
    }
