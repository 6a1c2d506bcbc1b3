"""What is committed of the door's code is what its ``.proto`` says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "apps/ledger/rpc/v1"
MADE = ("ledger_pb.py", "ledger_connect.py")


def test_the_generated_code_is_that_of_the_definition(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """``--update-golden`` writes it anew."""
    programs = Path(sys.executable).parent
    subprocess.run(
        [
            *(programs / "protoc", f"--proto_path={ROOT}"),
            *(
                f"--plugin=protoc-gen-{name}={programs}/protoc-gen-{name}"
                for name in ("py", "connectrpc")
            ),
            *(f"--py_out={tmp_path}", f"--connectrpc_out={tmp_path}"),
            FOLDER / "ledger.proto",
        ],
        check=True,
    )
    for name in MADE:
        made = (tmp_path / FOLDER.relative_to(ROOT) / name).read_text()
        if request.config.getoption("--update-golden"):
            (FOLDER / name).write_text(made)
        assert made == (FOLDER / name).read_text(), f"{name} is stale: run with --update-golden"
