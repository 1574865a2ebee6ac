"""Every rule model, row by row: the path, its milestones, and the weight of each touch in percent."""

from datetime import timedelta

import pytest

from services.attribution.domain.journeys.selection import select
from services.attribution.domain.models import MODELS, RULES, rule_models
from tests.unit.services.attribution.domain.builders import Journey, credit, from_values, journey

FIVE = journey("A > B > C > D > E", lead_created_at=1, opportunity_created_at=3, closed_at=5)
FOUR = journey("A > B > C > D", lead_created_at=1, opportunity_created_at=2, closed_at=4)
NO_LEAD = journey("A > B > C > D", opportunity_created_at=2, closed_at=4)
BARE = journey("A > B > C", closed_at=3)
TWO = journey("A > B", lead_created_at=0, opportunity_created_at=1, closed_at=2)
ONE = journey("A", lead_created_at=0, opportunity_created_at=0, closed_at=1)
HALVING = journey("A@0 > B@7 > C@14", closed_at=14)

CASES = [
    ("first", FIVE, [100, 0, 0, 0, 0]),
    ("last", FIVE, [0, 0, 0, 0, 100]),
    ("linear", FIVE, [20, 20, 20, 20, 20]),
    ("last_non_direct", journey("A > B > Direct > direct"), [0, 100, 0, 0]),
    ("last_non_direct", journey("Direct > Direct"), [0, 100]),
    ("u_shaped", FIVE, [40, 20 / 3, 20 / 3, 20 / 3, 40]),
    ("u_shaped", TWO, [50, 50]),
    ("u_lead", FIVE, [50, 50, 0, 0, 0]),
    ("u_lead", journey("A > B > C > D > E", lead_created_at=3), [40, 10, 10, 40, 0]),
    ("u_lead", NO_LEAD, [100, 0, 0, 0]),
    ("u_lead", journey("A > B > C", lead_created_at=0), [100, 0, 0]),
    ("w_shaped", FIVE, [30, 30, 10, 30, 0]),
    ("w_shaped", FOUR, [100 / 3, 100 / 3, 100 / 3, 0]),
    ("w_shaped", NO_LEAD, [45, 10, 45, 0]),
    ("w_shaped", BARE, [100, 0, 0]),
    ("w_shaped", TWO, [200 / 3, 100 / 3]),
    ("full_path", FIVE, [22.5, 22.5, 10, 22.5, 22.5]),
    ("full_path", FOUR, [25, 25, 25, 25]),
    ("full_path", NO_LEAD, [30, 10, 30, 30]),
    ("full_path", BARE, [45, 10, 45]),
    ("full_path", TWO, [50, 50]),
    ("time_decay", HALVING, [100 / 7, 200 / 7, 400 / 7]),
    ("time_decay", journey("A@0 > B@0", closed_at=400_000), [50, 50]),
    ("j_shaped", FIVE, [20, 20 / 3, 20 / 3, 20 / 3, 60]),
    ("j_shaped", TWO, [30, 70]),
    ("inverse_j", FIVE, [60, 20 / 3, 20 / 3, 20 / 3, 20]),
    ("inverse_j", TWO, [70, 30]),
]


@pytest.mark.parametrize(("model", "deal", "percent"), CASES)
def test_a_model_weighs_the_touches_as_its_row_says(model: str, deal: Journey, percent: list[float]) -> None:
    weights = rule_models()[model].weights(select(from_values([deal])))
    assert weights.tolist() == pytest.approx([share / 100 for share in percent], abs=1e-14)


@pytest.mark.parametrize("model", RULES)
def test_one_touch_takes_everything(model: str) -> None:
    assert [c.weight for c in credit([ONE], rule_models())[0][model]] == [1.0]


@pytest.mark.parametrize("model", RULES)
def test_no_touch_takes_nothing_and_does_not_disturb_its_neighbours(model: str) -> None:
    none = journey("", closed_at=3)
    after_the_close = journey("A@5", closed_at=3)
    alone = credit([FIVE], rule_models())[0][model]
    assert credit([none, FIVE, after_the_close, none], rule_models())[1][model] == alone
    assert credit([none, after_the_close], rule_models())[1][model] == []


def test_every_model_that_is_asked_for_by_name_has_a_row_here() -> None:
    assert {model for model, _, _ in CASES} == set(RULES)
    assert set(MODELS) == {*RULES, "custom", "markov", "shapley"}


def test_the_half_life_is_configurable() -> None:
    weights = rule_models(half_life=timedelta(days=14))["time_decay"].weights(select(from_values([HALVING])))
    assert weights[0] * 2 == pytest.approx(weights[2])
    with pytest.raises(ValueError, match="longer than zero"):
        rule_models(half_life=timedelta(0))


@pytest.mark.parametrize(
    ("custom", "percent"),
    [
        ({"first": 30, "middle": 40, "last": 30}, [30, 40 / 3, 40 / 3, 40 / 3, 30]),
        ({"lead_created": 70, "opportunity_created": 30}, [0, 70, 0, 30, 0]),
        ({"middle": 100}, [20, 20, 20, 20, 20]),
        ({"first": 33.3, "last": 33.3, "middle": 33.4}, [33.3, 33.4 / 3, 33.4 / 3, 33.4 / 3, 33.3]),
    ],
)
def test_a_custom_model_weighs_any_positions(custom: dict[str, float], percent: list[float]) -> None:
    weights = rule_models(custom=custom)["custom"].weights(select(from_values([FIVE])))
    assert weights.tolist() == pytest.approx([share / 100 for share in percent])


@pytest.mark.parametrize(
    ("custom", "weights"),
    [
        ({"lead_created": 60, "middle": 40}, [1 / 3, 1 / 3, 1 / 3]),
        ({"lead_created": 60, "opportunity_created": 40}, [1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_when_no_named_position_is_present_all_touches_share(custom: dict[str, float], weights: list[float]) -> None:
    model = rule_models(custom=custom)["custom"]
    assert model.weights(select(from_values([BARE]))).tolist() == pytest.approx(weights)


@pytest.mark.parametrize(
    ("custom", "message"),
    [
        ({"first": 30, "last": 60}, "add up to 90"),
        ({"frist": 100}, "unknown position 'frist'"),
        ({"first": 130, "last": -30}, "not a percentage"),
    ],
)
def test_a_custom_model_that_cannot_be_is_refused_with_the_reason(custom: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rule_models(custom=custom)
