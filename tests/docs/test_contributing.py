"""The ten minutes of CONTRIBUTING.md, followed to the letter in a copy of the project."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.places import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COPIED = ("cli", "deploy", "docs", "migrations", "services", "shared", "tests", "pyproject.toml")
CHANNELS = "tests/unit/services/attribution/domain/channels"


def test_following_the_page_adds_a_channel(tmp_path: Path) -> None:
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    expectation, rule = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    [row] = re.findall(r"```markdown\n(.*?)```", PAGE, re.DOTALL)
    presets, page = "services/attribution/domain/channels/presets.py", "docs/channels.md"

    insert(tmp_path / CHANNELS / "test_b2b.py", "ROWS = [\n", expectation)
    assert "'Unassigned' == 'Podcasts'" in outcome(tmp_path, fails=1)
    insert(tmp_path / presets, "B2B_FIRST: tuple[Row, ...] = (\n", rule)
    assert "test_the_document_lists_each_preset_row_in_order" in outcome(tmp_path, fails=2)
    insert(tmp_path / page, "## Preset b2b", row, below="|---|---|\n")
    outcome(tmp_path, fails=0)
    said = run(tmp_path, "-m", "cli.main", "channels", "test", "--source", "overcast", "--medium", "podcast").stdout
    assert "Podcasts" in said


def test_every_path_the_page_names_exists() -> None:
    for path in re.findall(r"`([a-z_]+/[\w./]*\w)`", PAGE):
        assert (ROOT / path).exists(), path


def insert(file: Path, after: str, text: str, below: str = "") -> None:
    head, found, tail = file.read_text().partition(after)
    assert found, f"{file} has no {after!r}"
    if below:
        middle, marker, tail = tail.partition(below)
        found += middle + marker
    file.write_text(head + found + text + tail)


def outcome(folder: Path, fails: int) -> str:
    done = run(folder, "-m", "pytest", "-p", "no:cacheprovider", CHANNELS, "tests/docs/test_channels_page.py")
    failed = re.search(r"(\d+) failed", done.stdout)
    assert (int(failed[1]) if failed else 0) == fails, done.stdout
    return done.stdout


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
