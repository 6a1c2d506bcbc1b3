"""The chart of every environment, as the cluster would be told."""

from __future__ import annotations

import kubernetes_validate
import pytest
import yaml

from tests.deploy.cluster import (
    CHART,
    ENVIRONMENTS,
    KUBERNETES,
    ROOT,
    foreign_complaints,
    of_kind,
    pods,
    rendered,
    run_helm,
    values_of,
)

NATIVE = ("v1", "apps/v1", "batch/v1", "policy/v1", "autoscaling/v2", "networking.k8s.io/v1")
LONG_RUNNING = {
    "web", "door", "worker-money", "worker-webhooks", "relay", "consumers", "beat",
}  # fmt: skip


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_chart_is_sound(environment: str) -> None:
    done = run_helm("lint", "--strict", str(CHART), *values_of(environment))
    assert done.returncode == 0, done.stdout
    manifests = rendered(environment)
    for manifest in manifests:
        if manifest["apiVersion"] in NATIVE:
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    assert set(pods(manifests)) == LONG_RUNNING | {"migrate", "audit"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_objects_of_other_projects_are_as_they_want_them(environment: str) -> None:
    foreign = [each for each in rendered(environment) if each["apiVersion"] not in NATIVE]
    assert foreign_complaints(foreign) == []


def test_environments_and_cells_are_as_argo_wants_them() -> None:
    applications = yaml.safe_load((ROOT / "deploy/argocd/applications.yaml").read_text())
    assert foreign_complaints([applications]) == []
    broken = {**applications, "spec": {**applications["spec"], "generators": "all"}}
    assert foreign_complaints([broken]) != []
    named = {
        each["environment"] for each in applications["spec"]["generators"][0]["list"]["elements"]
    }
    assert named == set(ENVIRONMENTS)


@pytest.mark.parametrize(
    "setting",
    ["web.replicas=many", "web.replicsa=2", "environment=local", "image.digest=sha256:1",
     "publicUrl=http://books.example.com", "workers.money.queues[0]=payments"],
)  # fmt: skip
def test_values_that_cannot_be_right_are_refused(setting: str) -> None:
    done = run_helm("template", "house", str(CHART), "--set", setting)
    assert done.returncode != 0
    assert "values don't meet the specifications of the schema" in done.stderr


def test_every_pod_is_nobody_s_with_nothing_to_write_to() -> None:
    for name, pod in pods(rendered("production")).items():
        spec, (container,) = pod["spec"], pod["spec"]["containers"]
        assert spec["securityContext"]["runAsNonRoot"], name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not spec["automountServiceAccountToken"], name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert {"requests", "limits"} <= set(container["resources"]), name


def test_no_pod_is_killed_because_the_database_is_away() -> None:
    for name, pod in pods(rendered("production")).items():
        (container,) = pod["spec"]["containers"]
        alive = container.get("livenessProbe", {}).get("httpGet", {}).get("path")
        assert alive != "/healthz", name
        if container.get("readinessProbe"):
            assert container["readinessProbe"]["httpGet"]["path"] == "/healthz", name


def test_the_migration_comes_between_the_credentials_and_the_processes() -> None:
    waves = {
        each["metadata"]["name"]: int(
            each["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", 0)
        )
        for each in rendered("production")
        if each["kind"] in {"ConfigMap", "ServiceAccount", "ExternalSecret", "Job", "Deployment",
                            "Rollout"}
    }  # fmt: skip
    migration = waves.pop("house-migrate")
    early = {"house", "house-settings", "countinghouse"}
    assert {waves.pop(name) < migration for name in early} == {True}
    assert {wave > migration for wave in waves.values()} == {True}


def test_only_the_migration_owns_the_tables() -> None:
    owner = {
        name
        for name, pod in pods(rendered("production")).items()
        if "countinghouse-owner" in str(pod)
    }
    assert owner == {"migrate"}


def test_with_the_vault_agent_no_pod_reads_a_secret_of_the_cluster() -> None:
    manifests = rendered("production", "credentials.from=vaultAgent")
    assert not of_kind(manifests, "ExternalSecret")
    for name, pod in pods(manifests).items():
        assert "secretRef" not in str(pod), name
        assert pod["metadata"]["annotations"]["vault.hashicorp.com/role"] == "countinghouse", name


def test_a_canary_gets_the_requests_only_while_the_books_hold() -> None:
    manifests = rendered("production")
    (rollout,) = of_kind(manifests, "Rollout").values()
    (holds,) = of_kind(manifests, "AnalysisTemplate").values()
    analysis = rollout["spec"]["strategy"]["canary"]["analysis"]
    assert analysis["templates"] == [{"templateName": holds["metadata"]["name"]}]
    asked = {metric["name"]: metric for metric in holds["spec"]["metrics"]}
    assert set(asked) == {"books", "errors", "latency", "events"}
    assert asked["books"]["failureLimit"] == 0
    assert not of_kind(rendered("dev"), "Rollout")
