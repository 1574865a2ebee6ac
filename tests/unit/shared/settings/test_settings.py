"""A broken configuration names the file, the line and the key."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import ConfigError
from shared.settings import Settings, Source, load, read_section


def written(folder: Path, text: str) -> Path:
    path = folder / "closedloop.yaml"
    path.write_text(text)
    return path


def test_without_a_file_the_defaults_work() -> None:
    settings = load(None, {})
    assert settings.http.host == "127.0.0.1"
    assert settings.topic("deals") == "closedloop.deals"
    assert [source.name for source in settings.sources] == ["default"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("base_currency: USD\nhttp:\n  port: many\n", r"closedloop.yaml:3: http.port: Input should be a valid integer"),
        ("http:\n  prot: 8080\n", r"closedloop.yaml:2: http.prot: Extra inputs are not permitted"),
        ("base_currency: Dollars\n", r"closedloop.yaml:1: base_currency: "),
        ("reporting_zone: Berlin\n", r"closedloop.yaml:1: reporting_zone: .*Europe/Berlin"),
        ("http: [\n", r"closedloop.yaml:2: not valid YAML"),
        ("- 1\n", r"closedloop.yaml:1: the file must be a mapping"),
        ("http:\n  port: 1\n  port: 2\n", r"closedloop.yaml:3: http.port: given twice; it is in line 2 too"),
        ("sources:\n  - name: a\n    write_key: ${NO_SUCH}\n", r":3: sources.0.write_key: .* NO_SUCH is not set"),
        ("sources:\n  - name: a\n  - name: a\n", r"closedloop.yaml:1: sources: .*same name"),
    ],
)
def test_a_broken_file_names_file_line_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(written(tmp_path, text), {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.yaml: cannot be read"):
        load(tmp_path / "nowhere.yaml", {})


def test_the_environment_wins_over_the_file_and_is_named_when_wrong(tmp_path: Path) -> None:
    path = written(tmp_path, "http:\n  port: 9000\n")
    assert load(path, {"CLOSEDLOOP_PORT": "9100"}).http.port == 9100
    with pytest.raises(ConfigError, match=r"CLOSEDLOOP_PORT: http.port: "):
        load(path, {"CLOSEDLOOP_PORT": "ninety"})


def test_a_secret_comes_from_the_environment_and_is_never_printed(tmp_path: Path) -> None:
    path = written(tmp_path, "sources:\n  - name: site\n    write_key: ${SITE_KEY}\n")
    settings = load(path, {"SITE_KEY": "w-123"})
    key = settings.sources[0].write_key
    assert key is not None
    assert key.get_secret_value() == "w-123"
    assert "w-123" not in repr(settings)


def test_the_default_sources_keys_are_added_to_those_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "sources:\n  - name: site\n    write_key: w\n")
    settings = load(path, {"CLOSEDLOOP_WRITE_KEY": "w-1", "CLOSEDLOOP_SECRET_KEY": "s-1"})
    assert [source.name for source in settings.sources] == ["site", "default"]


def test_addresses_nobody_gave_say_what_to_do() -> None:
    with pytest.raises(ConfigError, match="closedloop up"):
        _ = Settings().kafka_bootstrap


class Half(BaseModel):
    model_config = ConfigDict(extra="forbid")
    half_life_days: float = 7


def test_a_services_own_section_is_checked_with_line_and_key_too(tmp_path: Path) -> None:
    path = written(tmp_path, "attribution:\n  half_life_days: long\n")
    with pytest.raises(ConfigError, match=r"closedloop.yaml:2: attribution.half_life_days: "):
        read_section("attribution", Half, load(path, {}).attribution, path)


def test_a_plain_on_is_a_word_and_not_a_truth(tmp_path: Path) -> None:
    """YAML 1.1 takes on, off, yes and no for booleans; the docs show rules with a key `on:`."""
    rules = "lifecycle:\n  rules:\n    - {name: r, on: [meeting], no: yes, off: true}\n"
    [rule] = load(written(tmp_path, rules), {}).lifecycle["rules"]
    assert rule == {"name": "r", "on": ["meeting"], "no": "yes", "off": True}


@pytest.mark.parametrize("crm", ["domain", "name"])
def test_a_crm_cannot_be_called_as_the_keys_of_accounts_without_an_id_begin(crm: str) -> None:
    with pytest.raises(ValidationError, match="cannot be the name of a CRM"):
        Source(name="site", crm=crm)
