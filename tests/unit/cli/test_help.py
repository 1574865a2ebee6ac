"""Every command's --help is plain text within 80 columns and ends with lines that can be run."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cli.examples import EXAMPLES
from cli.main import COMMANDS, app
from cli.reports.registry import REPORTS

GROUP: Any = typer.main.get_command(app)
ALONE = ("attribute", "channels test", "channels list")
"""Commands that need no engines."""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, with what it is called."""

    def of(called: str, command: Any) -> Iterator[tuple[str, Any]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield called, command
        else:
            for name in inner:
                yield from of(f"{called} {name}", inner[name])

    for name in COMMANDS:
        yield from of(name, GROUP.get_command(None, name))


ALL = dict(commands())


def help_of(called: str) -> str:
    return CliRunner().invoke(app, [*called.split(), "--help"], env={"COLUMNS": "80"}).stdout


@pytest.mark.parametrize("called", ALL)
def test_a_commands_help_is_plain_fits_and_ends_with_examples_that_parse(called: str) -> None:
    text = help_of(called)
    assert "<bool>" not in text
    assert max(map(len, text.splitlines())) <= 80
    examples = re.findall(r"^ +(closedloop .*)$", text.split("Examples:")[1], re.MULTILINE)
    assert examples == list(EXAMPLES[called])
    for example in examples:
        words = shlex.split(example.partition(" > ")[0])
        assert words[: 1 + len(called.split())] == ["closedloop", *called.split()]
        ALL[called].make_context(called, words[1 + len(called.split()) :])


def test_there_is_no_example_of_a_command_that_does_not_exist() -> None:
    assert set(EXAMPLES) == set(ALL)


@pytest.mark.parametrize("called", ALONE)
def test_the_examples_that_need_no_engines_run(called: str, tmp_path: Path) -> None:
    closedloop = f"{shlex.quote(str(Path(sys.executable).with_name('closedloop')))} "
    for example in EXAMPLES[called]:
        line = closedloop + example.removeprefix("closedloop ")
        done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout or ">" in example


def test_it_says_its_version() -> None:
    assert re.fullmatch(r"closedloop \d+\.\d+\.\d+\n", CliRunner().invoke(app, ["--version"]).stdout)


def test_a_shell_completes_the_names_of_reports() -> None:
    offered = CliRunner().invoke(
        app, [], prog_name="closedloop",
        env={"_CLOSEDLOOP_COMPLETE": "complete_bash", "COMP_WORDS": "closedloop report ", "COMP_CWORD": "2"},
    )  # fmt: skip
    assert set(offered.stdout.split()) == {report.name for report in REPORTS}


@pytest.mark.parametrize("group", sorted({called.split()[0] for called in ALL if " " in called}))
def test_a_groups_help_says_all_of_what_each_command_does_and_has_examples(group: str) -> None:
    text = help_of(group)
    assert "..." not in text.split("Commands:")[1]
    assert set(re.findall(r"^ +(closedloop .*)$", text, re.MULTILINE)) == {
        line for called, lines in EXAMPLES.items() if called.startswith(f"{group} ") for line in lines
    }


@pytest.mark.parametrize("called", ALL)
def test_no_help_shows_a_type_as_a_program_writes_it(called: str) -> None:
    assert not re.search(r"list\[|%Y|\{file\}|\[file\]|\[name\]", help_of(called))
