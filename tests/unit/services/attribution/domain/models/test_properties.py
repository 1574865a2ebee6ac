"""What holds for every model and any journeys."""

import random
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.attribution.domain.journeys.selection import Rules, select
from services.attribution.domain.ledger.money import split_many
from services.attribution.domain.models import fitted_models, rule_models
from services.attribution.domain.models.fitting import spread
from tests.unit.services.attribution.domain.builders import Journey, Touch, credit, day, from_values

MODELS = rule_models(custom={"first": 30, "lead_created": 30, "middle": 40})
days = st.integers(0, 30).map(day)
moments = st.one_of(st.none(), days)
contacts = st.sampled_from(["ann", "bob", None])
touches = st.lists(st.tuples(days, st.sampled_from(["Direct", "Email", "Paid", "Events"]), contacts), max_size=8).map(
    lambda rows: tuple(Touch(f"t{i}", *row) for i, row in enumerate(rows))
)
journeys = st.lists(
    st.builds(
        Journey,
        deal_id=st.just("deal"),
        touches=touches,
        closed_at=moments,
        lead_created_at=moments,
        lead_contact=contacts,
        opportunity_created_at=moments,
        value=st.integers(-500, 500).map(float),
        count=st.integers(0, 3).map(float),
        nulls=st.integers(0, 3).map(float),
    ),
    min_size=1,
    max_size=5,
)
rules = st.builds(
    Rules,
    lookback=st.one_of(st.none(), st.integers(0, 20).map(lambda n: timedelta(days=n))),
    exclude_direct=st.booleans(),
    collapse=st.booleans(),
)


@settings(max_examples=60)
@given(journeys, rules)
def test_weights_are_shares_that_sum_to_one_for_every_path_with_touches(own: list[Journey], how: Rules) -> None:
    paths = select(from_values(own), how)
    every = {name: model.weights(paths) for name, model in MODELS.items()}
    every |= {name: spread(paths, model.fit(paths).shares) for name, model in fitted_models().items()}
    for weights in every.values():
        assert (weights >= 0).all()
        assert paths.sum(weights) == pytest.approx((paths.n > 0).astype(float), abs=1e-12)


@settings(max_examples=30)
@given(journeys, st.integers(-(10**9), 10**9))
def test_amounts_sum_exactly_to_the_total_under_every_model(own: list[Journey], total: int) -> None:
    paths = select(from_values(own))
    totals = np.full(len(own), total)
    for model in MODELS.values():
        parts = split_many(totals, model.weights(paths), paths.offsets)
        assert np.bincount(paths.journey, parts, len(own)).tolist() == (totals * (paths.n > 0)).tolist()


@settings(max_examples=30)
@given(journeys, rules, st.randoms(use_true_random=False))
def test_the_order_of_touches_and_of_journeys_does_not_matter(
    own: list[Journey], how: Rules, chance: random.Random
) -> None:
    shuffled = [replace(j, touches=tuple(chance.sample(j.touches, len(j.touches)))) for j in own]
    assert credit(shuffled, MODELS, how) == credit(own, MODELS, how)
    assert credit(own[::-1], MODELS, how) == credit(own, MODELS, how)[::-1]


@settings(max_examples=30)
@given(journeys, rules, touches)
def test_a_journey_more_that_did_not_convert_changes_no_rule_model(
    own: list[Journey], how: Rules, more: tuple[Touch, ...]
) -> None:
    lost = Journey("lost", more, count=0, nulls=1)
    assert credit([lost, *own], MODELS, how)[1:] == credit(own, MODELS, how)


def test_many_journeys_at_once_are_credited_like_one_at_a_time() -> None:
    chance = random.Random(1)
    own = [
        Journey(str(i), tuple(Touch(str(k), day(chance.random()), chance.choice("ABC")) for k in range(i % 7)))
        for i in range(100)
    ]
    assert credit(own, MODELS) == [credit([j], MODELS)[0] for j in own]
