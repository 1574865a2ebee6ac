"""The page tells of every rule, and its example is a configuration that works."""

import re

import yaml

from services.lifecycle.config import configured
from services.lifecycle.domain.stages.presets import PRESETS
from tests.places import DOCS

PAGE = (DOCS / "lifecycle.md").read_text()


def test_every_rule_of_the_pipeline_is_on_the_page_and_no_other() -> None:
    rows = [row for row in PAGE.splitlines() if row.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == {rule["name"] for rule in PRESETS["pipeline"]["rules"]}  # type: ignore[attr-defined]


def test_the_example_is_accepted() -> None:
    example = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
    lifecycle = configured(yaml.safe_load(example)["lifecycle"]).lifecycle
    assert lifecycle.threshold == 60
    assert lifecycle.owners == ("ann", "ben")


def test_the_stage_between_is_what_the_page_says_with_the_rules_it_replaces() -> None:
    shown = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1].replace(" on:", ' "on":'))
    replaced = {rule["name"]: rule for rule in shown["rules"]}
    preset = [rule for rule in PRESETS["pipeline"]["rules"] if rule["name"] not in replaced]  # type: ignore[attr-defined]
    lifecycle = configured({"stages": shown["stages"], "rules": [*preset, *replaced.values()]}).lifecycle
    assert {rule.name: rule.decision for rule in lifecycle.rules if rule.name in replaced} == {
        "working": "none", "accepted": "accepted", "rejected": "rejected",
    }  # fmt: skip
