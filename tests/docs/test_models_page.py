"""The figures in docs/models.md are what the command prints."""

import re

import pytest
from typer.testing import CliRunner

from cli.commands.attribute import app
from services.attribution.domain.models import MODELS
from tests.places import DOCS

PAGE = (DOCS / "models.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```csv (\S+)\n(.*?)```", PAGE, re.DOTALL))
EXAMPLES = re.findall(r"```console\n\$ closedloop attribute (\S+) (.*?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("file", "options", "printed"), EXAMPLES, ids=[options for _, options, _ in EXAMPLES])
def test_a_worked_example_is_what_the_command_prints(file: str, options: str, printed: str) -> None:
    assert CliRunner().invoke(app, ["-", *options.split()], input=FILES[file]).stdout == printed


@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_a_section_with_an_example(model: str) -> None:
    section = PAGE.partition(f"\n### {model}\n")[2].partition("\n### ")[0]
    assert f"--models {model}" in section
