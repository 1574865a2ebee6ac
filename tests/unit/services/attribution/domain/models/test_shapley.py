"""Shapley values against their definition."""

from collections.abc import Sequence
from itertools import combinations
from math import comb, isnan

import pytest
from hypothesis import given, settings

from services.attribution.domain.models import fitted_models
from services.attribution.domain.models.fitting import Fit
from tests.unit.services.attribution.domain.models.test_markov import Row, by_channel, paths_of, rows


def shapley(own: Sequence[Row]) -> Fit:
    return fitted_models()["shapley"].fit(paths_of(*own))


def test_a_journey_is_shared_evenly_by_the_different_channels_on_it() -> None:
    result = shapley([("A > B > A", 2, 60, 0), ("B", 1, 15, 0), ("C", 0, 0, 5)])
    assert by_channel(result, "conversions") == pytest.approx({"A": 1, "B": 2, "C": 0})
    assert by_channel(result, "value") == pytest.approx({"A": 30, "B": 45, "C": 0})
    assert all(isnan(effect) for effect in result.removal_effect)


def test_no_journeys_give_no_shares() -> None:
    assert not shapley([("A", 0, 0, 1)]).share.any()
    assert shapley([]).channels == ()


def subset_sum(own: list[Row], players: tuple[str, ...], player: str, column: int) -> float:
    """The definition: the mean gain of joining, over all coalitions of the others."""

    def worth(coalition: set[str]) -> float:
        return sum((row[1], row[2])[column] for row in own if set(row[0].split(" > ")) <= coalition)

    others = [p for p in players if p != player]
    return sum(
        (worth({*group, player}) - worth(set(group))) / (len(players) * comb(len(others), size))
        for size in range(len(players))
        for group in combinations(others, size)
    )


@settings(max_examples=60)
@given(rows)
def test_the_value_is_the_subset_sum_over_all_coalitions(own: list[Row]) -> None:
    result = shapley(own)
    for name, column in (("conversions", 0), ("value", 1)):
        expected = {player: subset_sum(own, result.channels, player, column) for player in result.channels}
        assert by_channel(result, name) == pytest.approx(expected)
