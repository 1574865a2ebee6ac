"""`closedloop config check`: whatever is wrong in whichever section is told, all at once, with file, line and key."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.checks.configuration import problems

WRONG = {
    "base_currency: Euro": "base_currency",
    "http: {prot: 80}": "http.prot",
    "reporting_zone: Mars/Olympus": "reporting_zone",
    "sources: [{name: web, write_key: w, rate: 5 a fortnight}]": "sources.0.rate",
    "sources: [{name: web, write_key: w, rate: 0/second}]": "sources.0.rate",
    "identity: {most: some}": "identity.most",
    "kafka: {security_protocol: SASL_SSL}": "kafka",
    "kafka: {certificate_file: a.pem}": "kafka",
    "consumer: {batch: 0}": "consumer.batch",
    "lifecycle: {preset: unheard-of}": "lifecycle.preset",
    "lifecycle: {threshold: 0}": "lifecycle.threshold",
    "attribution: {models: [frist]}": "attribution.models",
    "attribution: {lookback_days: -1}": "attribution.lookback_days",
    "channels: {preset: ga5}": "channels.preset",
    "channels: {rules: [{channel: Podcast, sorce: x}]}": "channels.rules.0.sorce",
    'database_url: "${NOT_SET_ANYWHERE}"': "database_url",
}


def found(folder: Path, text: str) -> list[str]:
    (folder / "closedloop.yaml").write_text(text)
    return problems(folder / "closedloop.yaml", {})


@pytest.mark.parametrize(("line", "key"), WRONG.items(), ids=list(WRONG))
def test_a_wrong_value_of_any_section_is_found_with_its_line(tmp_path: Path, line: str, key: str) -> None:
    (problem,) = found(tmp_path, f"# a comment\nlog_level: info\n{line}\n")
    assert problem.startswith(f"{tmp_path}/closedloop.yaml:3: {key}")


def test_all_problems_of_all_sections_are_told_at_once(tmp_path: Path) -> None:
    lines = ["base_currency: Euro", "http: {prot: 80}", "lifecycle: {threshold: 0}", "attribution: {models: [frist]}",
             "channels: {preset: ga5}"]  # fmt: skip
    told = found(tmp_path, "\n".join(lines))
    assert sorted(int(problem.split(":")[1]) for problem in told) == [1, 2, 3, 4, 5]


def test_variables_that_are_not_set_are_told_with_all_the_rest(tmp_path: Path) -> None:
    lines = ['database_url: "${NOT_SET_HERE}"', "sources:", '  - {name: web, write_key: "${NOR_HERE}"}',
             "http: {prot: 80}", "attribution: {models: [frist]}"]  # fmt: skip
    told = found(tmp_path, "\n".join(lines))
    assert sorted(int(problem.split(":")[1]) for problem in told) == [1, 3, 4, 5]
    assert sum("is not set" in problem for problem in told) == 2


@pytest.mark.parametrize("content", [b"\x99\xff", b"base_currency: EUR\nname: \x01\n"], ids=["no text", "a control"])
def test_a_file_that_is_no_text_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "closedloop.yaml").write_bytes(content)
    (problem,) = problems(tmp_path / "closedloop.yaml", {})
    assert "UTF-8" in problem or "closedloop.yaml:2: not valid YAML" in problem


def test_a_variable_that_is_wrong_is_named(tmp_path: Path) -> None:
    (problem,) = problems(None, {"CLOSEDLOOP_PORT": "http"})
    assert problem.startswith("CLOSEDLOOP_PORT: http.port")


def test_what_works_has_no_problem(tmp_path: Path) -> None:
    assert found(tmp_path, "base_currency: EUR\nattribution: {models: all}\n") == []
    assert problems(None, {}) == []


def test_the_command_prints_the_problems_and_fails(tmp_path: Path) -> None:
    (tmp_path / "closedloop.yaml").write_text("http: {prot: 80}\nbase_currency: Euro\n")
    ran = closedloop(tmp_path, "config", "check")
    assert ran.returncode == 1
    assert "closedloop.yaml:1: http.prot" in ran.stderr
    assert "closedloop.yaml:2: base_currency" in ran.stderr


def test_up_starts_nothing_with_a_wrong_configuration(tmp_path: Path) -> None:
    (tmp_path / "closedloop.yaml").write_text("lifecycle: {threshold: 0}\nattribution: {models: [frist]}\n")
    ran = closedloop(tmp_path, "up")
    assert ran.returncode == 1
    assert "closedloop.yaml:1: lifecycle.threshold" in ran.stdout
    assert "closedloop.yaml:2: attribution.models" in ran.stdout
    assert not (tmp_path / ".closedloop").exists()


@pytest.mark.parametrize("command", ["up", "status", "wait", "doctor"])
def test_a_data_folder_that_is_a_file_is_one_sentence(tmp_path: Path, command: str) -> None:
    (tmp_path / "data").write_text("")
    ran = closedloop(tmp_path, command, "--data", "data")
    assert ran.returncode == 1
    assert "is a file. Name a folder with --data" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_hint_names_the_command_as_it_was_called(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("closedloop")
    ran = closedloop(tmp_path, "status")
    assert ran.stderr.strip().endswith(f"Start it: {command} up")


def closedloop(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [Path(sys.executable).with_name("closedloop"), *arguments],
        cwd=folder, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_hint_to_start_names_the_folder_that_was_asked_for(tmp_path: Path) -> None:
    ran = closedloop(tmp_path, "status", "--data", "elsewhere")
    assert ran.stderr.strip().endswith(f"up --data {tmp_path}/elsewhere")
