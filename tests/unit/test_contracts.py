"""The contracts of pyproject.toml hold because something watches: each is broken here on purpose, and is caught."""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.places import ROOT

PACKAGES = ("cli", "services", "shared", "deploy", "migrations")
PURE = ("services/*/domain", "services/ingest/entrances", "shared/events")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

VIOLATIONS = {
    "the command uses deploy, deploy runs services, services use shared": ("shared/errors.py", "import deploy"),
    "services are independent": ("services/ingest/metrics.py", "import services.lifecycle.metrics"),
    "ingest: the wiring uses the edge, the edge the ways in, the ways in the domain": (
        "services/ingest/domain/text.py",
        "import services.ingest.entrances.native.deal",
    ),
    "lifecycle: the wiring uses the edges, the edges the batch, the batch the store, all of them the domain": (
        "services/lifecycle/domain/stages/rules.py",
        "import services.lifecycle.store.persons",
    ),
    (
        "attribution: the wiring uses the edges, the edges the runs, the runs the recompute, that the store, "
        "all of them the domain"
    ): ("services/attribution/store/marks.py", "import services.attribution.recompute.load"),
    # By a detour, as it happens in practice: the domain imports something harmless, which imports the clock.
    "domain, entrances and events are pure: no I/O, no clock, no randomness": (
        "services/attribution/domain/ledger/money.py",
        "import shared.detour",
    ),
}


def test_a_violation_of_each_import_contract_is_caught(tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "shared" / "detour.py").write_text("import time\n")
    for file, line in VIOLATIONS.values():
        path = tmp_path / file
        path.write_text(path.read_text() + f"\n{line}\n")
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False)
    said = " ".join(done.stdout.split())
    kept = [name for name in VIOLATIONS if f"{name} BROKEN" not in said]
    assert not kept, done.stdout + done.stderr


def test_every_import_contract_has_its_violation_above() -> None:
    assert {contract["name"] for contract in CONTRACTS} == set(VIOLATIONS)


@pytest.mark.parametrize(
    "statement",
    [
        "import datetime\ndatetime.datetime.now()",
        "from datetime import date\ndate.today()",
        "import uuid\nuuid.uuid4()",
    ],
)
@pytest.mark.parametrize("folder", ["services/lifecycle/domain/stages", "services/ingest/entrances", "shared/events"])
def test_the_clock_and_chance_are_refused_where_the_code_is_pure(folder: str, statement: str) -> None:
    assert "TID251" in _linted(f"{folder}/planted.py", statement)
    assert "TID251" not in _linted("services/lifecycle/planted.py", statement)


def test_nothing_pure_opens_files_or_speaks() -> None:
    calls = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.func.id}"
        for folder in PURE
        for path in ROOT.glob(f"{folder}/**/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("open", "print", "input")
    }
    assert not calls


def _linted(file: str, text: str) -> str:
    ruff = Path(sys.executable).with_name("ruff")
    command: list[str | Path] = [ruff, "check", "--select", "TID251", "--stdin-filename", file, "-"]
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
    return done.stdout
