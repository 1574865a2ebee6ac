"""Markov removal effects: figures worked by hand, and brute force over random journeys."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.attribution.domain.journeys.journeys import Floats
from services.attribution.domain.journeys.selection import Paths, select
from services.attribution.domain.models import fitted_models
from services.attribution.domain.models import markov as module
from services.attribution.domain.models.chain import Chain, count
from services.attribution.domain.models.fitting import Fit, spread
from tests.unit.services.attribution.domain.builders import from_values, journey

Row = tuple[str, int, int, int]
"""A path, how often it converted, what that was worth, and how often it did not convert."""


def paths_of(*rows: Row) -> Paths:
    return select(from_values([journey(p, count=c, value=v, nulls=n) for p, c, v, n in rows]))


def fit(rows: Sequence[Row], order: int = 1) -> Fit:
    return fitted_models(markov_order=order)["markov"].fit(paths_of(*rows))


def by_channel(result: Fit, column: str) -> dict[str, float]:
    return dict(zip(result.channels, getattr(result, column).tolist(), strict=True))


# Three journeys, C1 > C2 > C3 and C2 > C3 lost and won: the example the literature is taught with.
CLASSIC = [("C1 > C2 > C3", 1, 100, 0), ("C1", 0, 0, 1), ("C2 > C3", 0, 0, 1)]


def test_the_textbook_example_gives_the_textbook_figures() -> None:
    """start->C1 2/3, start->C2 1/3; C1->C2 1/2; C2->C3 1; C3->conversion 1/2. Base 1/3.
    Without C1: 1/3 * 1/2 = 1/6, so C1 loses 1/2; without C2 or C3 nothing converts."""
    result = fit(CLASSIC)
    assert by_channel(result, "removal_effect") == pytest.approx({"C1": 0.5, "C2": 1.0, "C3": 1.0})
    assert by_channel(result, "share") == pytest.approx({"C1": 0.2, "C2": 0.4, "C3": 0.4})
    assert by_channel(result, "value") == pytest.approx({"C1": 20, "C2": 40, "C3": 40})


def test_value_is_shared_by_the_removal_effects_on_value() -> None:
    """A alone wins 1 at 10, B alone 1 at 90: each is half of the conversions, a tenth and nine tenths of the value."""
    result = fit([("A", 1, 10, 0), ("B", 1, 90, 0)])
    assert by_channel(result, "conversions") == pytest.approx({"A": 1, "B": 1})
    assert by_channel(result, "value") == pytest.approx({"A": 10, "B": 90})


def test_counts_are_that_many_journeys() -> None:
    many = fit([("A > B", 3, 30, 2), ("B", 1, 5, 4)])
    single = fit([("A > B", 1, 10, 0)] * 3 + [("A > B", 0, 0, 1)] * 2 + [("B", 1, 5, 0)] + [("B", 0, 0, 1)] * 4)
    for column in ("removal_effect", "share", "conversions", "value"):
        assert by_channel(many, column) == pytest.approx(by_channel(single, column))


def test_an_order_of_two_remembers_where_a_visitor_came_from() -> None:
    """B converts after A and never after C: order 2 knows that C is worth nothing, order 1 does not."""
    rows = [("A > B", 4, 0, 0), ("C > B", 0, 0, 4)]
    assert by_channel(fit(rows, 2), "share") == pytest.approx({"A": 0.5, "B": 0.5, "C": 0})
    assert by_channel(fit(rows, 1), "share") == pytest.approx({"A": 0.25, "B": 0.5, "C": 0.25})


@pytest.mark.parametrize("rows", [[("A > B", 0, 0, 3)], [("", 1, 10, 0)], []])
def test_without_a_conversion_nobody_has_a_share(rows: Sequence[Row]) -> None:
    assert not fit(rows).share.any()
    assert not fit(rows).value.any()


def test_an_order_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        fitted_models(markov_order=0)


def test_a_path_is_credited_by_its_channels_shares_and_a_channels_touches_share_evenly() -> None:
    weights = spread(paths_of(("A > B > A", 1, 0, 0)), {"A": 0.2, "B": 0.2, "C": 0.6})
    assert weights.tolist() == pytest.approx([0.25, 0.5, 0.25])


def test_a_path_of_channels_unknown_to_the_fit_is_credited_evenly() -> None:
    assert spread(paths_of(("X > Y", 1, 0, 0)), {"A": 1.0}).tolist() == [0.5, 0.5]


channel = st.sampled_from("ABCD")
rows = st.lists(
    st.tuples(
        st.lists(channel, min_size=1, max_size=6).map(" > ".join),
        st.integers(0, 3),
        st.integers(0, 100),
        st.integers(0, 3),
    ).map(lambda row: (row[0], row[1], row[2] if row[1] else 0, row[3])),
    min_size=1,
    max_size=8,
).filter(lambda own: any(count for _, count, _, _ in own))


def brute_force(chain: Chain, rewards: Floats, removed: int) -> float:
    """Expected reward from the start when states of the removed channel lead to (null): solved without them."""
    n = len(chain.channel)
    transitions = np.zeros((n, n))
    transitions[chain.source, chain.target] = chain.probability
    kept = np.flatnonzero(chain.channel != removed)
    worth = np.linalg.solve(np.eye(len(kept)) - transitions[np.ix_(kept, kept)], rewards[kept])
    return float(chain.start[kept] @ worth)


@settings(max_examples=60)
@given(rows, st.integers(1, 3))
def test_removal_effects_equal_solving_the_chain_without_the_channel(own: list[Row], order: int) -> None:
    paths = paths_of(*own)
    chain = count(paths, order)
    effects = module.removal_effects(chain, len(paths.channels))
    for rewards, effect in zip((chain.conversion, chain.value), effects, strict=True):
        base = brute_force(chain, rewards, removed=-1)
        if base:
            lost = [1 - brute_force(chain, rewards, c) / base for c in range(len(paths.channels))]
            assert effect == pytest.approx(lost, abs=1e-9)


@settings(max_examples=40)
@given(rows, st.integers(1, 3))
def test_iterating_the_equations_gives_what_the_closed_form_gives(own: list[Row], order: int) -> None:
    paths = paths_of(*own)
    chain = count(paths, order)
    rewards = np.column_stack((chain.conversion, chain.value))
    for exact, settled in zip(
        module._closed_form(chain, rewards, len(paths.channels)),
        module._iterated(chain, rewards, len(paths.channels)),
        strict=True,
    ):
        assert settled == pytest.approx(exact, abs=1e-9)


@settings(max_examples=40)
@given(rows, st.integers(1, 3), st.integers(1, 3))
def test_repeats_of_a_channel_in_a_row_change_nothing(own: list[Row], order: int, times: int) -> None:
    repeated = [
        (" > ".join(" > ".join([c] * times) for c in p.split(" > ")), count, value, nulls)
        for p, count, value, nulls in own
    ]
    once, again = fit(own, order), fit(repeated, order)
    assert again.share == pytest.approx(once.share)
    assert again.value == pytest.approx(once.value)


@settings(max_examples=40)
@given(rows)
def test_conversions_and_value_are_shared_out_completely(own: list[Row]) -> None:
    result = fit(own)
    assert result.share.sum() == pytest.approx(1)
    assert result.conversions.sum() == pytest.approx(sum(count for _, count, _, _ in own))
    assert result.value.sum() == pytest.approx(sum(value for _, _, value, _ in own))
