"""The `attribution` section of closedloop.yaml."""

from pathlib import Path

import pytest

from services.attribution.config import Attribution, read
from services.attribution.domain.models import FITTED, RULES
from services.attribution.domain.models.markov import Markov
from shared.errors import ConfigError
from shared.settings import load, read_section


def test_every_rule_model_credits_unless_told_otherwise() -> None:
    assert {"first", "last", "linear", "u_shaped", "w_shaped", "time_decay"} <= set(Attribution().policy("USD").models)


def test_a_lookback_of_none_lets_every_touch_count() -> None:
    assert read_section("attribution", Attribution, {"lookback_days": None}).policy("BRL").rules.lookback is None


def test_fitted_models_credit_only_when_they_are_named() -> None:
    assert not Attribution().terms("USD", "1").fitted
    terms = read_section("attribution", Attribution, {"models": ["last", "markov"], "markov_order": 3}).terms(
        "USD", "1"
    )
    assert list(terms.policy.models) == ["last"]
    assert terms.fitted == {"markov": Markov(3)}


@pytest.mark.parametrize("named", ["all", ["all"], ["markov", "all", "last"]])
def test_all_stands_for_every_rule_model_and_both_fitted_ones(named: object) -> None:
    assert set(read_section("attribution", Attribution, {"models": named}).models) == {*RULES, *FITTED}


def test_how_often_runs_are_made_is_none_of_the_terms() -> None:
    often = read_section("attribution", Attribution, {"fit_minutes": 1})
    assert often.terms("USD", "1").model_config == Attribution().terms("USD", "1").model_config


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"models": ["lineal"]}, "attribution.models: Value error, unknown model 'lineal'"),
        ({"models": []}, "name at least one model"),
        ({"models": ["custom"]}, "give its percentages"),
        ({"custom": {"first": 50}}, "add up to 50"),
        ({"markov_order": 0}, "attribution.markov_order"),
        ({"fit_minutes": -1}, "attribution.fit_minutes"),
        ({"lookback_days": 0}, "attribution.lookback_days"),
        ({"halflife": 3}, "attribution.halflife: Extra inputs"),
    ],
)
def test_a_wrong_setting_is_named(section: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match="attribution") as error:
        read_section("attribution", Attribution, section)
    assert said in str(error.value)


def test_a_wrong_channel_rule_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "closedloop.yaml"
    file.write_text("channels:\n  rules:\n    - channel: Partner\n      medium_matches: '['\n")
    with pytest.raises(ConfigError, match=r"closedloop\.yaml:4: channels\.rules\.0\.medium_matches: not a regular"):
        read(load(file, {}), file)
