"""What others build on, kept word for word under ``tests/golden``: a change shows in the diff.

`make test ARGS="tests/architecture/test_golden.py --update-golden"` writes down what is new. What
takes something away from others is not written: an event gets a new version, SQL the next file. For
what no release has carried yet, delete the golden file (or its line) first.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import fields
from datetime import UTC, datetime
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.urls import set_urlconf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from apps.platform.api import docs
from apps.platform.events import _plain
from apps.platform.money import MINOR_MAX, Money
from tests.architecture.event_schemas import all_events, broken_promises, schema_of
from tests.architecture.test_shape import APPS, ROOT

GOLDEN = ROOT / "tests/golden"
UPDATE = 'make test ARGS="tests/architecture/test_golden.py --update-golden"'
DIFF_LINES_MAX = 60
EVENTS = all_events(APPS)
st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
st.register_type_strategy(
    Money, st.builds(Money, st.integers(-MINOR_MAX, MINOR_MAX), st.sampled_from(["KES", "USD"]))
)


@pytest.fixture
def is_update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


def compare(path: Path, text: str, *, is_update: bool) -> None:
    """The file holds this text, or the test shows the difference and says how to accept it."""
    if is_update:
        path.write_text(text)
    kept = path.read_text() if path.exists() else ""
    difference = islice(
        unified_diff(kept.splitlines(), text.splitlines(), path.name, "now", lineterm="", n=1),
        DIFF_LINES_MAX,
    )
    assert kept == text, "\n".join([*difference, f"If that is meant: {UPDATE}"])


def test_the_api_is_as_it_was(is_update: bool) -> None:
    set_urlconf(None)
    document = json.loads(docs.openapi())
    OpenAPIV31SpecValidator(document).validate()
    call_command("spectacular", file=os.devnull, fail_on_warn=True)  # two shapes of one name, say
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    compare(GOLDEN / "openapi.yaml", text, is_update=is_update)


@pytest.mark.parametrize("key", EVENTS)
def test_an_event_keeps_its_fields(key: str, is_update: bool) -> None:
    path = GOLDEN / "events" / f"{key}.json"
    schema = schema_of(EVENTS[key])
    if path.exists():
        broken = broken_promises(json.loads(path.read_text()), schema)
        assert broken == [], f"readers of {key} depend on these: write the next version beside it"
    compare(path, json.dumps(schema, indent=2, ensure_ascii=False) + "\n", is_update=is_update)


def test_no_event_ends_unnoticed() -> None:
    kept = {path.stem for path in (GOLDEN / "events").glob("*.json")}
    assert kept - set(EVENTS) == set(), "readers still wait for these"


@pytest.mark.parametrize("key", EVENTS)
def test_what_is_sent_keeps_to_the_schema(key: str) -> None:
    validator = Draft202012Validator(
        schema_of(EVENTS[key]), format_checker=Draft202012Validator.FORMAT_CHECKER
    )

    @settings(max_examples=5, database=None, suppress_health_check=list(HealthCheck))
    @given(st.builds(EVENTS[key]))
    def send(event: Any) -> None:
        data = {field.name: _plain(getattr(event, field.name)) for field in fields(event)}
        validator.validate(json.loads(json.dumps(data, cls=DjangoJSONEncoder)))

    send()


def test_released_sql_is_never_edited(is_update: bool) -> None:
    """Each line of ``sql.txt`` is ``sha256  path``. New files add lines."""
    path = GOLDEN / "sql.txt"
    pairs = [line.split("  ") for line in path.read_text().splitlines()]
    kept = {name: digest for digest, name in pairs}
    now = {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(ROOT.glob("apps/*/sql/*.sql"))
    }
    edited = [name for name, digest in kept.items() if now.get(name) != digest]
    assert edited == [], "write the next number instead"
    lines = "".join(f"{digest}  {name}\n" for name, digest in now.items())
    compare(path, lines, is_update=is_update)
