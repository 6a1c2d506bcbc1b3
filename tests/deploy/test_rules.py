"""Alerts: what they ask is told, where they lead is written, and when they fire is shown."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

import apps.reporting.selectors  # noqa: F401  tells its figures when it is imported
from apps.platform import metrics
from tests.deploy.cluster import CHART, ENVIRONMENTS, ROOT, of_kind, rendered

RULES = CHART / "rules.yaml"
CASES = Path(__file__).with_name("rules_test.yaml")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def told() -> set[str]:
    """Every series that the program tells, and those that the rules record."""
    registry = metrics.registry(with_readings=False)
    names = {sample for family in registry.collect() for sample in _series(family)}
    names |= {reading.name for reading in metrics._readings}
    return names | {rule["record"] for rule in rules() if "record" in rule}


def _series(family: Any) -> set[str]:
    endings = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",)}
    return {family.name + ending for ending in endings.get(family.type, ("",))}


def asked(query: str) -> set[str]:
    """The series that a query names. Raises ``ValueError`` when it is not PromQL."""
    found: set[str] = set()
    waiting: list[Any] = [promql_parser.parse(query)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, promql_parser.VectorSelector):
            found.add(str(node.name))
        elif isinstance(node, promql_parser.MatrixSelector):
            waiting.append(node.vector_selector)
        for part in ("expr", "lhs", "rhs", "args"):
            inner = getattr(node, part, None)
            waiting += inner if isinstance(inner, list) else [inner] if inner is not None else []
    return found


def queries() -> dict[str, str]:
    """Every query of the deployment, by where it stands."""
    found = {rule.get("alert") or rule["record"]: rule["expr"] for rule in rules()}
    manifests = rendered("production")
    for name, scaled in of_kind(manifests, "ScaledObject").items():
        (trigger,) = scaled["spec"]["triggers"]
        found[name] = trigger["metadata"]["query"]
    for template in of_kind(manifests, "AnalysisTemplate").values():
        for metric in template["spec"]["metrics"]:
            query = metric["provider"]["prometheus"]["query"]
            found[f"canary {metric['name']}"] = re.sub(r"{{args\.[a-z]+}}", "abc", query)
    return found


def test_every_query_names_what_the_program_tells() -> None:
    known = told()
    unknown = {where: asked(query) - known for where, query in queries().items()}
    assert {where: names for where, names in unknown.items() if names} == {}
    assert asked("max(house_no_such_thing) > 0") - known == {"house_no_such_thing"}


def test_every_alert_says_how_bad_it_is_and_where_it_leads() -> None:
    alerts = [rule for rule in rules() if "alert" in rule]
    for alert in alerts:
        assert alert["labels"]["severity"] in {"page", "ticket"}, alert["alert"]
        assert alert["annotations"]["summary"], alert["alert"]
        assert (ROOT / alert["annotations"]["runbook_url"]).is_file(), alert["alert"]
    written = {str(path.relative_to(ROOT)) for path in (ROOT / "deploy/runbooks").glob("*.md")}
    assert written == {alert["annotations"]["runbook_url"] for alert in alerts}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_cluster_is_told_the_same_rules(environment: str) -> None:
    (told_rules,) = of_kind(rendered(environment), "PrometheusRule").values()
    assert told_rules["spec"] == yaml.safe_load(RULES.read_text())


def test_alerts_fire_when_they_must_and_are_silent_before() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool: apt-get install prometheus")
    done = subprocess.run(
        [promtool, "test", "rules", str(CASES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    cases = yaml.safe_load(CASES.read_text())["tests"]
    shown = {(test["alertname"], bool(test.get("exp_alerts")))
             for case in cases for test in case["alert_rule_test"]}  # fmt: skip
    alerts = {rule["alert"] for rule in rules() if "alert" in rule}
    assert shown == {(name, fires) for name in alerts for fires in (True, False)}
