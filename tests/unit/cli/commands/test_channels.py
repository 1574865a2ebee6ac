"""`closedloop channels`: asking for the channel of a link, a CSV, and the rules in force."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.commands.channels import app


@pytest.fixture(autouse=True)
def no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLOSEDLOOP_CONFIG", raising=False)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_link_gets_its_channel_and_the_rule_that_decided() -> None:
    answer = json.loads(run("test", "--url", "https://acme.com/?gclid=1", "--campaign", "Brand", "--json"))
    assert (answer["channel"], answer["rule"], answer["campaign"]) == ("Paid Search", "ga4:paid_search", "Brand")
    assert "ga4:referral" in run("test", "--referrer", "https://example.org/")
    assert "Paid Social" in run("test", "--click-id", "li_fat_id=1")


def test_every_row_of_a_csv_is_answered_and_its_columns_kept(tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_text("id,utm_source,utm_medium,kind\n1,google,cpc,\n2,,,call\n")
    rows = list(csv.DictReader(run("test", str(file)).splitlines()))
    assert [(row["id"], row["channel"]) for row in rows] == [("1", "Paid Search"), ("2", "Sales outreach")]


def test_the_configured_rules_are_used_and_listed(tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("channels: {preset: ga4, rules: [{channel: Mine, source: x}]}\n")
    assert "config:1" in run("test", "--source", "x", "--config", str(config))
    listed = run("list", "--config", str(config)).splitlines()
    assert listed[0].split() == ["config:1", "Mine", "source:", "x"]
    assert not any("b2b:" in line for line in listed)


@pytest.mark.parametrize("arguments", [("--preset", "ga3"), ("--click-id", "gclid"), ("missing.csv",)])
def test_a_mistake_is_a_message_and_exit_2(arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, ["test", *arguments])
    assert result.exit_code == 2
    assert "Traceback" not in result.output
