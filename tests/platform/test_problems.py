"""Every refusal below /v1 has one shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection

from apps.platform import context
from apps.platform.api.catalogue import all_problems
from apps.platform.api.parsers import BODY_MAX_BYTES
from apps.platform.api.problems import problem_response
from apps.platform.errors import Busy, DomainError
from apps.platform.ids import new_id, public_id
from apps.platform.models import AuditRecord
from apps.platform.money import Money
from apps.tenancy.models import Tenant
from tests.platform.api_world import RINGING

Call = Callable[..., Any]
RINGS = "/v1/till/rings"
BODY = {"amount": {"amount": 1050, "currency": "KES"}}
MEMBERS = {
    "type", "title", "status", "detail", "code", "advice", "facts", "errors", "request_id",
    "retryable",
}  # fmt: skip


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body.keys() == MEMBERS
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"/v1/docs/problems#{code}"
    assert body["request_id"] == answer["X-Request-Id"]
    return body


def complaints(answer: Any) -> dict[str, str]:
    body = problem(answer, 422, "platform/invalid-fields")
    assert not AuditRecord.objects.filter(use_case=RINGING).exists()
    return {error["pointer"]: error["code"] for error in body["errors"]}


def test_an_unknown_address(mara: Tenant, till: Call) -> None:
    problem(till("GET", "/v1/nothing/here"), 404, "platform/not-found")


def test_an_unknown_address_outside_the_api_is_not_our_business(mara: Tenant, till: Call) -> None:
    assert till("GET", "/nothing")["Content-Type"].startswith("text/html")


def test_an_id_of_another_kind_names_nothing(mara: Tenant, till: Call) -> None:
    answer = till("GET", f"/v1/till/rings/{public_id('acc', new_id())}")
    problem(answer, 404, "platform/not-found")


def test_a_method_the_address_does_not_have(mara: Tenant, till: Call) -> None:
    answer = till("GET", "/v1/docs")
    assert answer.status_code == 200
    barred = till("DELETE", "/v1/docs", key="k")
    problem(barred, 405, "platform/method-not-allowed")
    assert "GET" in barred["Allow"]


def test_another_media_type(mara: Tenant, till: Call) -> None:
    answer = till("POST", RINGS, "<a/>", key="k", content_type="application/xml")
    problem(answer, 415, "platform/unsupported-media-type")


def test_nobody_and_somebody_without_the_scope(mara: Tenant, till: Call) -> None:
    nobody = till("GET", RINGS, headers={"X-Client": ""})
    problem(nobody, 401, "platform/not-authenticated")
    assert nobody["WWW-Authenticate"] == "Test"
    barred = till("GET", RINGS, headers={"X-Scopes": "till:look"})
    problem(barred, 403, "platform/not-allowed")


@pytest.mark.parametrize(
    "text",
    [
        '{"amount": ',
        '{"mode": "fine", "mode": "closed"}',
        '{"amount": {"amount": 1, "amount": 2, "currency": "KES"}}',
        '{"amount": NaN}',
        '{"amount": -Infinity}',
        "[" * 60 + "]" * 60,
        "[" * 200_000,
        '{"mode": "\\u0000"}',
        '{"mode": "\\ud800"}',
        '{"\\ud800": 1}',
        b'{"mode": "\xff"}',
        '{"amount": ' + "1" * 5000 + "}",
    ],
    ids=lambda text: repr(text[:30]),
)
def test_json_with_more_than_one_meaning_is_not_read(
    mara: Tenant, till: Call, text: str | bytes
) -> None:
    problem(till("POST", RINGS, text, key="k"), 400, "platform/malformed-request")
    assert not AuditRecord.objects.filter(use_case=RINGING).exists()


def test_a_body_beyond_the_cap_is_not_read(mara: Tenant, till: Call) -> None:
    text = json.dumps({"mode": "x" * BODY_MAX_BYTES})
    problem(till("POST", RINGS, text, key="k"), 413, "platform/body-too-large")


def test_fields_nobody_knows_are_refused_wherever_they_hide(mara: Tenant, till: Call) -> None:
    body = BODY | {
        "surprise": 1,
        "a/b~c": 2,
        "serial": "set by us only",
        "lines": [{"name": "tea"}, {"name": "milk", "prize": 1}],
    }
    assert complaints(till("POST", RINGS, body, key="k")) == {
        "/surprise": "unknown_field",
        "/a~1b~0c": "unknown_field",
        "/serial": "unknown_field",
        "/lines/1/prize": "unknown_field",
    }


def test_complaints_point_at_the_field(mara: Tenant, till: Call) -> None:
    body = {"mode": "loud", "lines": [{"name": "tea"}, {"count": 0}], "account": "je_1"}
    assert complaints(till("POST", RINGS, body, key="k")) == {
        "/amount": "required",
        "/mode": "invalid_choice",
        "/lines/1/name": "required",
        "/lines/1/count": "min_value",
        "/account": "invalid",
    }


def test_a_body_that_is_no_object(mara: Tenant, till: Call) -> None:
    assert complaints(till("POST", RINGS, [1, 2], key="k")) == {"": "invalid"}


@pytest.mark.parametrize(
    ("money", "pointer", "code"),
    [
        (10.5, "", "shape"),
        ("KES 10", "", "shape"),
        ({"amount": 10}, "", "shape"),
        ({"amount": 10.0, "currency": "KES"}, "/amount", "amount"),
        ({"amount": "10", "currency": "KES"}, "/amount", "amount"),
        ({"amount": True, "currency": "KES"}, "/amount", "amount"),
        ({"amount": 2**63, "currency": "KES"}, "/amount", "amount"),
        ({"amount": 0, "currency": "KES"}, "/amount", "positive"),
        ({"amount": -1, "currency": "KES"}, "/amount", "positive"),
        ({"amount": 1, "currency": "KEX"}, "/currency", "currency"),
        ({"amount": 1, "currency": ["KES"]}, "/currency", "currency"),
        ({"amount": 1, "currency": "KES", "amount_decimal": "1"}, "/amount_decimal", "decimal"),
        ({"amount": 1, "currency": "KES", "tip": 2}, "/tip", "unknown_field"),
    ],
)
def test_money_is_whole_minor_units_of_a_known_currency(
    mara: Tenant, till: Call, money: object, pointer: str, code: str
) -> None:
    answer = till("POST", RINGS, {"amount": money}, key="k")
    assert complaints(answer) == {f"/amount{pointer}": code}


def test_money_may_be_sent_back_as_it_came(mara: Tenant, till: Call) -> None:
    rung = till("POST", RINGS, BODY, key="k-1").json()
    assert till("POST", RINGS, {"amount": rung["amount"]}, key="k-2").status_code == 201


def test_a_refusal_that_passes_says_when_to_come_back(mara: Tenant, till: Call) -> None:
    answer = till("GET", "/v1/till/busy")
    body = problem(answer, 503, "platform/busy")
    assert (body["retryable"], answer["Retry-After"]) == (True, "7")
    assert body["facts"] == {"retry_after_seconds": 7}


def test_a_bug_is_logged_and_says_nothing_of_itself(
    mara: Tenant, till: Call, caplog: pytest.LogCaptureFixture
) -> None:
    answer = till("POST", RINGS, BODY | {"mode": "bug"}, key="k", raises=False)
    problem(answer, 500, "platform/internal-error")
    assert "secret detail" not in answer.content.decode()
    [record] = [record for record in caplog.records if record.name == "django.request"]
    assert "secret detail" in str(record.exc_info)
    with pytest.raises(RuntimeError):
        till("POST", RINGS, BODY | {"mode": "bug"}, key="k")


def test_a_lock_that_is_not_to_be_had_is_busy_not_a_bug(mara: Tenant, till: Call) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '1s'")
    answer = till("POST", RINGS, BODY | {"mode": "asleep"}, key="k")
    problem(answer, 503, "platform/busy")


@dataclass(eq=False, kw_only=True)
class Overdrawn(DomainError):
    """The account holds less than that."""

    code = "tests/overdrawn"

    missing: Money
    status: str = "frozen"


def test_code_before_the_views_answers_the_same(mara: Tenant) -> None:
    token = context.request_id.set("r-1")
    answer = problem_response(Overdrawn(missing=Money(5, "KES")), status=400)
    context.request_id.reset(token)
    body = json.loads(answer.content)
    assert answer.status_code == body["status"] == 400
    missing = {"amount": 5, "currency": "KES", "amount_decimal": "0.05"}
    assert body["facts"] == {"missing": missing, "status": "frozen"}
    assert body["title"] == "The account holds less than that."
    assert problem_response(Busy())["Retry-After"] == "1"


def test_the_catalogue_knows_every_problem_once() -> None:
    known = all_problems()
    codes = [entry.code for entry in known]
    assert len(codes) == len(set(codes))
    assert {"platform/busy", "platform/not-found", "platform/no-tenant"} <= set(codes)
    for entry in known:
        assert entry.title.endswith("."), entry
