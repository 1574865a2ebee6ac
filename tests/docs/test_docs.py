"""The pages keep up with the code: every setting and variable is documented, every example is true."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.importing.convert import Converter
from cli.importing.fields import TARGETS
from cli.importing.mapfile import Map, Rule, read_map
from cli.importing.rows import opened
from services.attribution.config import Attribution
from services.attribution.domain.channels import channel_rules
from services.lifecycle.sections import LifecycleSection
from shared.settings import Settings, load
from shared.settings.load import ENVIRONMENT
from shared.settings.model import Section
from tests.places import ROOT

CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
IMPORT = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
CODE = [path for top in ("cli", "services", "shared", "deploy", "migrations") for path in (ROOT / top).rglob("*.py")]


def keys(model: type[Section], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of a section with its default; a list's items are `[]`, a mapping's `*`."""
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        inner = [
            kind for kind in (field.annotation, *getattr(field.annotation, "__args__", ()))
            if isinstance(kind, type) and issubclass(kind, Section)
        ]  # fmt: skip
        if not inner:
            yield key, None if field.is_required() else field.get_default(call_default_factory=True)
        else:
            step = "" if inner[0] is field.annotation else ".*" if "dict" in str(field.annotation) else "[]"
            yield from keys(inner[0], f"{key}{step}.")


ALL = [*keys(Settings), *keys(Attribution, "attribution."), *keys(LifecycleSection, "lifecycle.")]
ROWS = dict(re.findall(r"^\| `([a-z_.*\[\]]+)` \| (.*?) \|", CONFIGURATION, re.MULTILINE))


@pytest.mark.parametrize(("key", "default"), ALL, ids=[key for key, _ in ALL])
def test_every_key_is_documented_with_its_default(key: str, default: Any) -> None:
    assert key in ROWS
    if isinstance(default, bool | int | float | str) and default != "":
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        assert ROWS[key] == f"`{shown}`"


def test_nothing_is_documented_that_is_no_key() -> None:
    real = {key for key, _ in ALL} | {"sources", "lifecycle.rules"}
    assert {key for key in ROWS if not key.startswith("channels.")} <= real


def test_the_channels_section_is_documented() -> None:
    for key in ("preset", "own_domains", "rules"):
        assert f"channels.{key}" in ROWS
    channel_rules({"preset": "b2b", "own_domains": [], "rules": []})


def test_every_variable_is_documented() -> None:
    used = {name for path in CODE for name in re.findall(r"CLOSEDLOOP_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))}
    assert used >= ENVIRONMENT.keys()
    assert not {name for name in used if f"`{name}`" not in CONFIGURATION}


def test_the_example_configuration_works(tmp_path: Path) -> None:
    (example,) = blocks(CONFIGURATION, "yaml")
    file = tmp_path / "closedloop.yaml"
    file.write_text(example)
    settings = load(file, {"WEBSITE_KEY": "w", "CRM_KEY": "c"})
    assert [source.name for source in settings.sources] == ["website", "crm"]
    assert channel_rules(settings.channels).channels[0] == "Podcast"
    assert Attribution.model_validate(settings.attribution).lookback_days == 180
    assert LifecycleSection.model_validate(settings.lifecycle).sla.contact_hours == 4


def test_the_example_map_makes_what_the_page_says(tmp_path: Path) -> None:
    (mapping,), (table,), (item,) = blocks(IMPORT, "yaml"), blocks(IMPORT, "csv"), blocks(IMPORT, "json")
    (tmp_path / "x.map.yaml").write_text(mapping)
    (tmp_path / "x.csv").write_text(table)
    target = TARGETS["touchpoints"]
    converter = Converter(read_map(tmp_path / "x.map.yaml", target), target)
    with opened(tmp_path / "x.csv", None, ",", "utf-8") as rows:
        assert [converter.item(read.row) for read in rows.rows()] == [json.loads(item)]


def test_every_key_of_a_map_is_documented() -> None:
    assert all(f"| `{key}` |" in IMPORT for key in Rule.model_fields)
    assert all(f"`{key}`" in IMPORT for key in Map.model_fields)


def test_the_pages_yaml_is_yaml() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        for block in blocks(page.read_text(encoding="utf-8"), "yaml"):
            yaml.safe_load(block)


def blocks(page: str, language: str) -> list[str]:
    """The fenced code of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
