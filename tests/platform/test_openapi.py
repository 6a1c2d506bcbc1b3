"""The description of the API is true, complete, and needs nothing from outside."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from apps.platform.api.catalogue import all_problems
from apps.tenancy.models import Tenant

Call = Callable[..., Any]


@pytest.fixture
def document(mara: Tenant, till: Call) -> dict[str, Any]:
    answer = till("GET", "/v1/openapi.json", headers={"X-Client": ""})
    assert answer.status_code == 200
    loaded: dict[str, Any] = json.loads(answer.content)
    return loaded


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_every_operation_may_answer_with_a_problem(document: dict[str, Any]) -> None:
    assert len(list(operations(document))) >= 4
    assert all(path.startswith("/v1/") for _, path, _ in operations(document))
    for method, path, operation in operations(document):
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}, (
            method,
            path,
        )
    answer = document["components"]["responses"]["Problem"]["content"]
    assert list(answer) == ["application/problem+json"]
    described = document["components"]["schemas"]["Problem"]["properties"]
    assert {"type", "title", "status", "detail", "code", "errors", "retryable"} <= set(described)


def test_the_key_is_asked_for_where_something_changes(document: dict[str, Any]) -> None:
    rings = document["paths"]["/v1/till/rings"]
    [key] = [p for p in rings["post"]["parameters"] if p["in"] == "header"]
    assert (key["name"], key["required"]) == ("Idempotency-Key", True)
    assert "Idempotency-Key" not in json.dumps(rings["get"])


def test_it_says_which_scope_an_operation_needs(document: dict[str, Any]) -> None:
    post = document["paths"]["/v1/till/rings"]["post"]
    assert post["security"] == [{"ApiKey": []}, {"OAuth2": ["till:ring"]}]
    schemes = document["components"]["securitySchemes"]
    assert schemes["ApiKey"]["scheme"] == "bearer"
    assert "till:ring" in schemes["OAuth2"]["flows"]["clientCredentials"]["scopes"]


def test_money_and_ids_are_described_once(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["RingRequest"]["properties"]["amount"] == {"$ref": "#/components/schemas/Money"}
    assert schemas["Money"]["properties"]["amount"]["type"] == "integer"
    pattern = schemas["Rung"]["properties"]["id"]["pattern"]
    assert re.fullmatch(pattern, schemas["Rung"]["properties"]["id"]["examples"][0])
    assert set(schemas["RungPage"]["properties"]) == {"data", "next", "previous"}


def test_it_is_not_sent_again_to_whoever_has_it(mara: Tenant, till: Call) -> None:
    etag = till("GET", "/v1/openapi.json")["ETag"]
    again = till("GET", "/v1/openapi.json", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_catalogue_has_a_place_for_every_problem(mara: Tenant, till: Call) -> None:
    page = till("GET", "/v1/docs/problems", headers={"X-Client": ""}).content.decode()
    for entry in all_problems():
        assert f'<section id="{entry.code}">' in page


@pytest.mark.parametrize("path", ["/v1/docs", "/v1/docs/swagger", "/v1/docs/problems"])
def test_the_pages_need_no_credential_and_nothing_from_outside(
    mara: Tenant, till: Call, path: str
) -> None:
    answer = till("GET", path, headers={"X-Client": ""})
    assert answer.status_code == 200
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert ("'unsafe-inline'" in policy.split("style-src")[1].split(";")[0]) == (
        path != "/v1/docs/problems"
    )
    assert policy.count("unsafe") <= 1
    page = answer.content.decode()
    assert not re.search(r"""(src|href)=["'](https?:)?//""", page)
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert " style=" not in page


def test_operations_are_named_for_their_nouns(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    assert {"till_get_ring", "till_get_rings", "till_post_rings"} <= set(names)
