"""The shape of the code itself."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.apps import apps as django_apps
from django.db import models

from apps.platform.errors import DomainError
from apps.platform.models import TenantRow

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("apps", "config", "deploy", "tests")
    for path in (ROOT / folder).glob("**/*.py")
    if "migrations" not in path.parts and not path.match("apps/*/rpc/v1/ledger_*.py")  # generated
)
APPS = sorted(path.parent.name for path in (ROOT / "apps").glob("*/apps.py"))
BOTTOM_UP = [
    "platform",
    "tenancy",
    "identity",
    "console",
    "webhooks",
    "ledger",
    "payments",
    "settlements",
    "reporting",
    "integrations",
]
TOP_LEVEL = {
    ".ci", ".dockerignore", ".editorconfig", ".git", ".gitignore", ".pre-commit-config.yaml",
    "Makefile", "README.md", "apps", "config", "deploy", "manage.py", "pyproject.toml",
    "requirements.txt", "static", "templates", "tests",
}  # fmt: skip
MADE_HERE = {
    ".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv",
    "__pycache__", "static-root", "var",
}  # fmt: skip
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60


def subclasses(cls: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in cls.__subclasses__():
        yield child
        yield from subclasses(child)


def test_nothing_else_at_the_top() -> None:
    assert {path.name for path in ROOT.iterdir()} - MADE_HERE <= TOP_LEVEL


def test_every_app_has_its_place() -> None:
    assert sorted(BOTTOM_UP) == APPS


def test_files_and_functions_fit_in_one_head() -> None:
    too_long = []
    for path in SOURCES:
        text = path.read_text()
        name = str(path.relative_to(ROOT))
        if text.count("\n") > FILE_LINES_MAX:
            too_long.append(f"{name}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                if node.end_lineno - node.lineno >= FUNCTION_LINES_MAX:
                    too_long.append(f"{name}: {node.name}")
    assert too_long == []


def test_unfinished_thoughts_are_issues_not_comments() -> None:
    marked = re.compile(r"#.*\b(TO(?:)DO|FIX(?:)ME|XX(?:)X)\b")
    assert [str(path) for path in SOURCES if marked.search(path.read_text())] == []


@pytest.mark.parametrize("name", ["utils", "helpers", "common"])
def test_there_is_no_drawer_for_odds_and_ends(name: str) -> None:
    assert [path for path in SOURCES if name in (path.stem, *path.parts)] == []


@pytest.mark.parametrize("app", [app for app in APPS if find_spec(f"apps.{app}.services")])
def test_use_cases_take_names_and_say_what_they_promise(app: str) -> None:
    services = import_module(f"apps.{app}.services")
    for name in services.__all__:
        function = getattr(services, name)
        if inspect.isclass(function):
            continue
        kinds = {p.kind for p in inspect.signature(function).parameters.values()}
        assert kinds <= {inspect.Parameter.KEYWORD_ONLY}, name
        assert function.__doc__, name


def test_error_codes_are_unique_and_live_in_their_app() -> None:
    for app in APPS:
        if find_spec(f"apps.{app}.errors"):
            import_module(f"apps.{app}.errors")
    errors = [error for error in subclasses(DomainError) if error.__module__.startswith("apps.")]
    codes = [error.code for error in errors]
    assert len(codes) == len(set(codes))
    for error in errors:
        assert error.code.split("/")[0] == error.__module__.split(".")[1]
        assert error.__doc__, error


def own_models() -> list[type[models.Model]]:
    return [
        model
        for model in django_apps.get_models()
        if model.__module__.startswith("apps.") and model._meta.app_label != "tenancy"
    ]


def test_every_row_says_whose_it_is() -> None:
    assert [m._meta.label for m in own_models() if not issubclass(m, TenantRow)] == []


def test_tables_and_constraints_are_named_after_their_app() -> None:
    wrong = []
    for model in own_models():
        app = model._meta.app_label
        names = [model._meta.db_table, *(c.name for c in model._meta.constraints)]
        wrong += [name for name in names if not name.startswith(f"{app}_")]
    assert wrong == []


def test_foreign_keys_point_down_and_leave_no_handle() -> None:
    wrong = []
    for model in own_models():
        for field in model._meta.get_fields():
            if not isinstance(field, models.ForeignKey):
                continue
            here, there = model._meta.app_label, field.related_model._meta.app_label
            if here == there or there not in BOTTOM_UP:
                continue
            upward = BOTTOM_UP.index(there) > BOTTOM_UP.index(here)
            if upward or field.remote_field.related_name != "+":
                wrong.append(f"{model._meta.label}.{field.name} -> {there}")
    assert wrong == []
