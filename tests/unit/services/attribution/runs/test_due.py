"""When Markov and Shapley are fitted again."""

from datetime import timedelta

import pytest

from services.attribution.runs.due import Last, Situation, due
from tests.unit.services.attribution.domain.deals.builders import day

TERMS = {"models": ["markov"], "markov_order": 1}
PAUSE = timedelta(minutes=15)
LAST = Last(7, day(1), TERMS, 40, "digest")
LATER, SOON = day(1) + PAUSE, day(1) + PAUSE / 2


@pytest.mark.parametrize(
    ("seen", "terms", "reason"),
    [
        (Situation(SOON, None, 5, won=True, waiting=False), TERMS, "fit: no run yet"),
        (Situation(SOON, None, 5, won=False, waiting=False), TERMS, None),
        (Situation(SOON, None, 5, won=True, waiting=True), TERMS, None),
        (Situation(LATER, LAST, 41, won=True, waiting=False), TERMS, "fit: deals changed"),
        (Situation(LATER, LAST, 41, won=True, waiting=True), TERMS, None),
        (Situation(LATER, LAST, 40, won=True, waiting=False), TERMS, None),
        (Situation(SOON, LAST, 41, won=True, waiting=False), TERMS, None),
        (Situation(SOON, LAST, 40, won=True, waiting=False), TERMS | {"markov_order": 2}, "fit: other terms"),
        (Situation(SOON, LAST, 40, won=True, waiting=True), TERMS | {"markov_order": 2}, None),
    ],
    ids=[
        "the first, once a deal is won",
        "nothing to learn from",
        "deals come first",
        "deals changed and the pause is over",
        "deals come first, again",
        "nothing has changed",
        "too soon",
        "other terms wait for nothing",
        "other terms wait for the deals",
    ],
)
def test_a_run_is_due(seen: Situation, terms: dict[str, object], reason: str | None) -> None:
    assert due(seen, terms, PAUSE) == reason
