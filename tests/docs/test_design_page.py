"""docs/design.md lists what is there, and what is planned is not there."""

import re

import yaml

from cli.main import COMMANDS
from services.ingest.http.routes import ROUTES
from tests.places import DOCS, ROOT

PAGE = (DOCS / "design.md").read_text(encoding="utf-8")


def section(number: int) -> str:
    return PAGE.split(f"\n## {number} ", 1)[1].split("\n## ", 1)[0]


def planned(number: int) -> set[str]:
    """What a section says is not there yet, as the names in its backticks."""
    return set(re.findall(r"`([^`]+)`", section(number).split("Planned, not there yet:", 1)[1].split("\n\n", 1)[0]))


def rows(number: int) -> list[list[str]]:
    lines = [line for line in section(number).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def expanded(path: str) -> list[str]:
    """`/v1/{a,b}` is two paths; `{one}` is a parameter."""
    found = re.fullmatch(r"(.*)\{([^{}]*,[^{}]*)\}(.*)", path)
    return [f"{found[1]}{name}{found[3]}" for name in found[2].split(",")] if found else [path]


def test_the_calls_of_ingest_are_those_it_answers() -> None:
    listed = {
        path
        for call, *_ in rows(6)
        if call.startswith("POST ")
        for part in re.findall(r"/v1/(?:\{[^}]*\}|[\w-]+)", call)
        for path in expanded(part)
    }
    there = {route.path for route in ROUTES}
    assert listed == there
    assert not planned(6) & there


def test_every_relation_and_column_promised_is_in_the_warehouse() -> None:
    sections = yaml.safe_load((ROOT / "migrations" / "comments.yaml").read_text(encoding="utf-8"))
    described = {name: entry for section in sections.values() for name, entry in section.items()}
    missing = []
    for relation, columns in rows(7):
        name = relation.removesuffix(" (view)")
        if name == "touchpoint":
            continue  # promised as a whole: fct_touchpoint with two columns more
        named = re.sub(r"\(.*\)", "", columns).split(", ")
        missing += [f"{name}.{column.strip()}" for column in named if column.strip() not in columns_of(described, name)]
    assert not missing
    assert not planned(7) & set(described)


def columns_of(described: dict[str, object], relation: str) -> set[str]:
    entry = described.get(relation)
    if not isinstance(entry, dict):
        return set()
    inherited = columns_of(described, entry["like"]) if "like" in entry else set()
    return set(entry.get("columns", {})) | inherited


def test_the_commands_are_those_of_closedloop() -> None:
    listed = re.search(r"`closedloop`: (.*)\.\n", section(11))
    assert listed is not None
    assert set(listed[1].split(" | ")) == set(COMMANDS)
    assert not planned(11) & set(COMMANDS)


def test_the_layout_is_that_of_the_checkout() -> None:
    for folder in re.findall(r"^([a-z]+(?:/[a-z]+)?)/ ", section(4), re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder
