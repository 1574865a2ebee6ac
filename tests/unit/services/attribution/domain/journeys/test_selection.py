"""Which touches count and which positions they hold."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest

from services.attribution.domain.journeys.columns import Milestones, from_columns
from services.attribution.domain.journeys.journeys import Ints, Journeys
from services.attribution.domain.journeys.positions import BITS, names
from services.attribution.domain.journeys.selection import Rules, select
from services.attribution.domain.models import rule_models
from tests.unit.services.attribution.domain.builders import START, Journey, Touch, credit, day, from_values, journey

LINEAR = {"linear": rule_models()["linear"]}


def kept(deal: Journey, rules: Rules | None = None) -> list[tuple[str, str]]:
    """Channels and position names of the touches that count."""
    return [(c.channel, c.position) for c in credit([deal], LINEAR, rules)[0]["linear"]]


def channels(deal: Journey, rules: Rules | None = None) -> list[str]:
    return [channel for channel, _ in kept(deal, rules)]


def test_a_touch_at_the_very_close_counts_and_a_later_one_does_not() -> None:
    assert channels(journey("A@1 > B@5 > C@5.000001", closed_at=5)) == ["A", "B"]


def test_a_touch_at_the_edge_of_the_lookback_counts_and_an_older_one_does_not() -> None:
    deal = journey("A@1.99999 > B@2 > C@9", closed_at=10)
    assert channels(deal, Rules(lookback=timedelta(days=8))) == ["B", "C"]


def test_without_a_close_every_touch_counts_and_the_lookback_runs_from_the_last() -> None:
    deal = journey("A@0 > B@8 > C@9")
    assert channels(deal) == ["A", "B", "C"]
    assert channels(deal, Rules(lookback=timedelta(days=1))) == ["B", "C"]


def test_direct_is_left_out_before_positions_are_given() -> None:
    deal = journey("Direct > A > B > direct", closed_at=4)
    assert kept(deal, Rules(exclude_direct=True)) == [("A", "first"), ("B", "closed")]


def test_direct_keeps_the_credit_when_nothing_else_is_left() -> None:
    deal = journey("A@0 > Direct@5 > Direct@6", closed_at=7)
    assert channels(deal, Rules(lookback=timedelta(days=3), exclude_direct=True)) == ["Direct", "Direct"]


def test_repeats_of_a_channel_collapse_and_pass_their_positions_on() -> None:
    deal = journey("A > B > B > B > A", lead_created_at=2, opportunity_created_at=3)
    assert kept(deal, Rules(collapse=True)) == [
        ("A", "first"),
        ("B", "lead_created+opportunity_created"),
        ("A", "closed"),
    ]


def test_collapsing_does_not_join_the_touches_of_two_deals() -> None:
    paths = select(from_values([journey("A > A"), journey("A")]), Rules(collapse=True))
    assert paths.n.tolist() == [1, 1]


def test_a_milestone_is_held_by_the_latest_touch_at_or_before_it() -> None:
    deal = journey("A > B > C > D", lead_created_at=1.5, opportunity_created_at=2, closed_at=9)
    assert kept(deal) == [
        ("A", "first"), ("B", "lead_created"), ("C", "opportunity_created"), ("D", "closed"),
    ]  # fmt: skip


def test_several_positions_on_one_touch_are_all_named() -> None:
    deal = journey("A", lead_created_at=0, opportunity_created_at=3, closed_at=9)
    assert kept(deal) == [("A", "first+lead_created+opportunity_created+closed")]


def test_first_is_any_contacts_and_lead_created_that_of_the_contact_whose_lead_came_first() -> None:
    deal = journey("A/ann > B/bob > C/ann > D/bob", lead_created_at=2, lead_contact="bob", closed_at=5)
    assert kept(deal) == [("A", "first"), ("B", "lead_created"), ("C", "middle"), ("D", "closed")]


@pytest.mark.parametrize("contact", ["zoe", "dan"])
def test_a_lead_whose_contact_had_no_touch_by_then_leaves_the_position_empty(contact: str) -> None:
    deal = journey("A/ann > B/ann > C/dan", lead_created_at=1, lead_contact=contact)
    assert "lead_created" not in str(kept(deal))


def test_touches_of_equal_time_are_ordered_by_their_ids() -> None:
    touches = (Touch("b", START, "B"), Touch("a", START, "A"), Touch("c", START, "C"))
    assert kept(Journey("d", touches)) == [("A", "first"), ("B", "middle"), ("C", "closed")]


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        from_values([Journey("d", (Touch("t", day(1).replace(tzinfo=None), "A"),))])


def columns(stated: Sequence[int], closed_at: Ints | None = None) -> Journeys:
    n = len(stated)
    milestones = Milestones(closed_at=closed_at)
    zeros = np.zeros(n, dtype=np.int64)
    return from_columns(
        ("A",), zeros, np.arange(n), zeros, n_journeys=1, stated=np.array(stated, dtype=np.uint8), milestones=milestones
    )


def test_positions_the_data_names_win_over_those_derived() -> None:
    paths = select(columns([0, BITS["first"] | BITS["lead_created"], 0, 0]))
    assert names(paths.positions, 4) == ["middle", "first+lead_created", "middle", "closed"]


def test_of_two_rows_that_claim_a_position_the_earlier_is_first_and_the_later_any_other() -> None:
    paths = select(columns([1, 1 | 2, 2, 0]))
    assert names(paths.positions, 4) == ["first", "middle", "lead_created", "closed"]


def test_a_touch_named_closed_ends_the_journey_when_no_close_is_given() -> None:
    assert select(columns([0, 0, BITS["closed"], 0])).n.tolist() == [3]
    paths = select(columns([0, BITS["closed"], 0, 0], closed_at=np.array([3])))
    assert names(paths.positions, 4) == ["first", "closed", "middle", "last"]


def test_rows_in_any_order_make_the_same_columns() -> None:
    journey_of, at, channel = np.array([1, 0, 1, 0]), np.array([5, 4, 3, 4]), np.array([0, 1, 2, 3])
    built = from_columns(("A", "B", "C", "D"), journey_of, at, channel, n_journeys=3)
    assert built.offsets.tolist() == [0, 2, 4, 4]
    assert built.channel.tolist() == [1, 3, 2, 0], "equal times stay in the order of the rows"
    by_id = from_columns(("A", "B", "C", "D"), journey_of, at, channel, n_journeys=3, tie=np.array([0, 9, 0, 1]))
    assert by_id.channel.tolist() == [3, 1, 2, 0], "or go by the rank of their ids"
