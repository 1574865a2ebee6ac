"""The `lifecycle:` section of closedloop.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.lifecycle.config import configured, read
from services.lifecycle.domain.stages.presets import PRESETS
from shared.errors import ConfigError
from shared.settings import load


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ({"preset": "sideways"}, "lifecycle.preset"),
        ({"points": {"frm_submit": 3}}, "lifecycle.points"),
        ({"sales_stage": "mqll"}, "lifecycle.sales_stage"),
        ({"rules": [{"name": "r", "to": "leed"}]}, "lifecycle.rules"),
        ({"rules": [{"name": "r", "to": "lead", "on": ["form"]}]}, "lifecycle.rules.0.on"),
        ({"owners": []}, "lifecycle.owners"),
        ({"sla": {"contact_hours": 0}}, "lifecycle.sla.contact_hours"),
        ({"treshold": 3}, "lifecycle.treshold"),
        ({"points": {"review": 10_001}}, "lifecycle.points.review.points"),
        ({"points": {"review": {"points": 1, "cap": -1}}}, "lifecycle.points.review.cap"),
        ({"points": {"review": "many"}}, "lifecycle.points.review.points"),
        ({"points": [1]}, "lifecycle.points"),
        (
            {"rules": [{"name": "r", "to": "lead", "on": ["meeting"], "decision": "maybe"}]},
            "lifecycle.rules.0.decision",
        ),
        ({"rules": [{"name": "r", "to": "lead", "on": ["meeting"], "from": "mql"}]}, "lifecycle.rules.0.from"),
    ],
)
def test_a_slip_in_the_section_is_refused_and_its_key_is_named(section: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError, match=key.replace(".", r"\.")):
        configured(section)


def test_what_the_section_does_not_say_is_the_presets() -> None:
    preset, mine = configured({}).lifecycle, configured({"points": {"review": 25}, "threshold": 70}).lifecycle
    assert mine.points["review"].points == 25 and mine.points["review"].cap == preset.points["review"].cap
    assert mine.points["meeting"] == preset.points["meeting"]
    assert mine.threshold == 70 and mine.stages == preset.stages


def test_the_version_tells_rules_apart_but_not_who_is_on_duty() -> None:
    versions = [configured(s).lifecycle.version for s in ({}, {"owners": ["kim"]}, {"threshold": 51})]
    assert versions[0] == versions[1] != versions[2]


def test_which_kinds_are_signals_is_decided_by_the_configuration_alone() -> None:
    assert "page_view" not in configured({}).lifecycle.touch_signals
    assert "page_view" in configured({"points": {"page_view": 1}}).lifecycle.touch_signals


SEEN = {"name": "first_seen", "to": "lead", "on": ["seen"]}
REQUEST = {"name": "request", "to": "mql", "on": ["meeting"]}
STAGES = ["lead", "mql", "sal"]
ACCEPTED = {"name": "accepted", "to": "sal", "on": ["action:accepted"]}


@pytest.mark.parametrize(
    ("section", "line", "problem"),
    [
        ({"stages": ["lead", "mql", "sal", "mql"]}, "lifecycle.stages.3", "the stage 'mql' is given twice"),
        ({"owners": ["kim", "lee", "kim"]}, "lifecycle.owners.2", "the owner 'kim' is given twice"),
        ({"stages": [*STAGES, "attic"]}, "lifecycle.stages.3", "no rule leads to 'attic'"),
        ({"lead_stage": "sal"}, "lifecycle.lead_stage", "'sal' comes after the sales_stage 'mql'"),
        ({"rules": [SEEN, REQUEST, ACCEPTED, {**ACCEPTED, "on": ["deal:won"]}]}, "lifecycle.rules.3.name",
         "rule 2 has the name 'accepted' too"),
        ({"rules": [SEEN, REQUEST, ACCEPTED, {"name": "r", "to": "sal"}]}, "lifecycle.rules.3.on", "names no signal"),
        ({"rules": [SEEN, REQUEST, ACCEPTED, {"name": "r", "to": "sal", "on": ["chat"], "from": []}]},
         "lifecycle.rules.3.from", "it applies in no stage"),
        ({"rules": [SEEN, REQUEST, ACCEPTED, {"name": "r", "to": "sal", "on": ["chat"], "after": []}]},
         "lifecycle.rules.3.after", "names nothing of that"),
        ({"rules": [SEEN, REQUEST, ACCEPTED, {"name": "r", "to": "sal", "on": ["chat"], "after": ["deal:won"]}]},
         "lifecycle.rules.3.after", "names nothing of that"),
        ({"rules": [SEEN, REQUEST, ACCEPTED, {"name": "r", "to": "lead", "on": ["chat"]}]},
         "lifecycle.rules.3.name", "no lead is ever in a stage where it applies"),
        ({"rules": [SEEN, REQUEST, ACCEPTED, {"name": "r", "to": "sal", "on": ["seen"], "from": ["mql"]}]},
         "lifecycle.rules.3.name", "no lead is ever in a stage where it applies"),
        ({"rules": [SEEN, REQUEST, ACCEPTED, {"name": "r", "to": "sal", "score": True}], "threshold": 360},
         "lifecycle.rules.3.score", "at most 359, the threshold is 360"),
        ({"rules": [SEEN, REQUEST, ACCEPTED, {"name": "r", "to": "lead", "on": ["action:recycled"], "from": ["mql"],
                                              "new_cycle": True, "decision": "none"}]},
         "lifecycle.rules.3.decision", "begins a new pass"),
        ({"rules": [SEEN, REQUEST, {**ACCEPTED, "from": ["mql", "mql"]}]}, "lifecycle.rules.2.from", "a stage twice"),
        ({"rules": [SEEN, REQUEST, {**ACCEPTED, "from": ["mqll"]}]}, "lifecycle.rules.2.from", "no stage 'mqll'"),
    ],
)  # fmt: skip
def test_what_can_never_work_is_refused_with_file_line_and_key(
    tmp_path: Path, section: dict[str, Any], line: str, problem: str
) -> None:
    path = tmp_path / "closedloop.yaml"
    whole = {"stages": STAGES, "rules": [SEEN, REQUEST, ACCEPTED]} | section
    path.write_text(yaml.safe_dump({"lifecycle": whole}, sort_keys=False))
    with pytest.raises(ConfigError) as refused:
        read(load(path, {}), path)
    [message] = [m for m in str(refused.value).splitlines() if f": {line}: " in m]
    assert problem in message
    number = int(message.removeprefix(f"{path}:").partition(":")[0])
    key = line.rpartition(".")[2]
    written = path.read_text().splitlines()[number - 1]
    assert key in written or key.isdigit() or written == "  - name: r", f"line {number} is {written!r}"


def test_the_least_that_works_works() -> None:
    rules = [SEEN, REQUEST, ACCEPTED, {"name": "r", "to": "sal", "score": True}]
    assert configured({"stages": STAGES, "rules": rules, "threshold": 359}).lifecycle.stages == tuple(STAGES)
    for preset in PRESETS:
        assert configured({"preset": preset}).lifecycle.rules


def test_a_rule_means_as_an_answer_what_its_signals_mean_unless_it_says_otherwise() -> None:
    said = {
        "action:accepted": "accepted", "action:rejected": "rejected", "action:disqualified": "rejected",
        "action:recycled": "recycled", "action:contacted": "none", "action:assigned": "none", "deal:won": "accepted",
        "chat": "accepted",
    }  # fmt: skip
    rules = [{"name": kind, "to": "sal", "on": [kind]} for kind in said]
    made = configured({"stages": STAGES, "rules": [SEEN, REQUEST, *rules]}).lifecycle.rules
    assert {rule.name: rule.decision for rule in made[2:]} == said
    explicit = {**rules[1], "decision": "accepted"}
    assert configured({"stages": STAGES, "rules": [SEEN, REQUEST, explicit]}).lifecycle.rules[2].decision == "accepted"


def test_on_need_not_be_quoted(tmp_path: Path) -> None:
    path = tmp_path / "closedloop.yaml"
    path.write_text("""
lifecycle:
  stages: [lead, mql, sal]
  rules:
    - {name: first_seen, to: lead, on: [seen]}
    - name: request
      to: mql
      on: [meeting]
    - {name: accepted, to: sal, on: ["action:accepted"]}
""")
    assert read(load(path, {}), path).lifecycle.rules[1].on == {"meeting"}


def test_how_far_clocks_may_differ_decides_stages_so_it_is_in_the_version() -> None:
    versions = {configured({"sla": {"settle_seconds": s}}).lifecycle.version for s in (30, 31)}
    assert len(versions) == 2
    assert configured({"sla": {"settle_seconds": 31}}).lifecycle.sla.settle.total_seconds() == 31
    assert configured({"sla": {"contact_hours": 3}}).lifecycle.version == configured({}).lifecycle.version
