"""The `lifecycle:` section of closedloop.yaml."""

import pytest

from services.lifecycle.config import configured
from shared.errors import ConfigError


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
    ],
)
def test_a_slip_in_the_section_is_refused_and_its_key_is_named(section: dict, key: str) -> None:
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
