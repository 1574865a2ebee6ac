"""Hints name the command so that they can be pasted."""

import pytest

from shared.command import as_called


@pytest.mark.parametrize(
    ("called", "found", "hint"),
    [
        pytest.param("/usr/bin/closedloop", "/usr/bin/closedloop", "closedloop", id="on the path"),
        pytest.param(".venv/bin/closedloop", None, ".venv/bin/closedloop", id="by its path"),
        pytest.param(".venv/bin/closedloop", "/usr/bin/closedloop", ".venv/bin/closedloop", id="another one found"),
        pytest.param("/app/services/ingest/__main__.py", None, "closedloop", id="a service"),
        pytest.param("", None, "closedloop", id="nothing"),
    ],
)
def test_a_hint_names_the_command_as_it_was_called(called: str, found: str | None, hint: str) -> None:
    assert as_called(called, found) == hint
