"""Deals in, entries and credits out: exact sums, and no order in which things came matters."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.attribution.domain.deals.attribute import Case, Outcome, Policy, attribute
from services.attribution.domain.deals.fold import fold
from services.attribution.domain.deals.parts import entry_parts
from services.attribution.domain.deals.touches import Touched, Touches
from services.attribution.domain.journeys.selection import Rules
from services.attribution.domain.ledger.money import decimals
from services.attribution.domain.models import rule_models
from shared.events.deal import Deal
from tests.unit.services.attribution.domain.deals.builders import day, deal, refund
from tests.unit.services.attribution.domain.ledger.reference import credits_of


def policy(base: str = "USD", lookback: float | None = None) -> Policy:
    """All rule models."""
    rules = Rules(None if lookback is None else timedelta(days=lookback))
    return Policy(rule_models(), rules, base, {})


def rate(currency: str, _: date) -> Decimal | None:
    """USD is the base; a euro is 1.0837, a yen 0.00671; nobody publishes a pound."""
    return {"USD": Decimal(1), "EUR": Decimal("1.0837"), "JPY": Decimal("0.00671")}.get(currency)


def case(*versions: Deal, **facts: object) -> Case:
    """A case of these versions."""
    return Case("d1", fold(versions), day(0), **facts)


def touch(n: int, at: float, channel: str = "Email", person: int = 0, deal_number: int = 0) -> Touched:
    """Touch tn on a day, of a campaign of its own."""
    return Touched(deal_number, person, f"t{n:03}", day(at), channel, "s", "m", f"c{n}")


def credited(outcome: Outcome, model: str, kind: str = "booked") -> list[tuple[str | None, str]]:
    """(touch, amount) of the entries of a kind under a model."""
    ids = {e.entry_id for e in outcome.entries if e.kind == kind}
    return [(c.touchpoint_id, str(c.amount_base)) for c in outcome.credits if c.model == model and c.entry_id in ids]


def test_a_touch_after_the_close_earns_nothing_and_the_deal_is_unattributed() -> None:
    [outcome] = attribute([case(deal("won", "100", 5))], Touches.of([touch(1, 6)]), policy(), rate)
    assert credited(outcome, "linear") == [(None, "100.00")]
    assert {c.channel for c in outcome.credits} == {"Unattributed"}


def test_a_second_close_has_the_touches_up_to_it() -> None:
    versions = deal("won", "100", 5), deal("open", "100", 6), deal("won", "50", 9)
    [outcome] = attribute([case(*versions)], Touches.of([touch(1, 1), touch(2, 8)]), policy(), rate)
    assert credited(outcome, "last") == [("t001", "100.00"), ("t002", "50.00")]
    assert credited(outcome, "last", "reopened") == [("t001", "-100.00")]


def test_the_lookback_is_counted_from_each_close() -> None:
    versions = deal("won", "100", 5), deal("open", "100", 6), deal("won", "50", 20)
    [outcome] = attribute([case(*versions)], Touches.of([touch(1, 1), touch(2, 18)]), policy(lookback=10), rate)
    assert credited(outcome, "first") == [("t001", "100.00"), ("t002", "50.00")]


def test_an_open_deal_credits_its_pipeline() -> None:
    [outcome] = attribute([case(deal("open", "80", 5))], Touches.of([touch(1, 1), touch(2, 99)]), policy(), rate)
    assert credited(outcome, "last", "pipeline") == [("t002", "80.00")]


def test_only_the_first_touch_of_a_session_earns() -> None:
    same = [touch(n, 1)._replace(at=day(1) + timedelta(minutes=10 * n), campaign="one") for n in range(4)]
    [outcome] = attribute([case(deal("won", "100", 5))], Touches.of(same), policy(), rate)
    assert credited(outcome, "linear") == [("t000", "100.00")]


def test_an_amount_without_a_rate_is_credited_by_weight_alone() -> None:
    [outcome] = attribute([case(deal("won", "9", 5, currency="GBP"))], Touches.of([touch(1, 1)]), policy(), rate)
    assert [(e.amount, e.amount_base) for e in outcome.entries] == [(Decimal(9), None)]
    assert {(c.weight, c.amount_base) for c in outcome.credits} == {(1.0, None)}


def test_a_person_of_two_deals_earns_in_both() -> None:
    cases = [case(deal("won", "100", 5)), case(deal("won", "60", 5))]
    touches = Touches.of([touch(1, 1), touch(1, 1, deal_number=1), touch(2, 2, deal_number=1)])
    one, other = attribute(cases, touches, policy(), rate)
    assert credited(one, "linear") == [("t001", "100.00")]
    assert credited(other, "linear") == [("t001", "30.00"), ("t002", "30.00")]


def test_the_position_lead_created_is_the_touch_of_the_first_leads_own() -> None:
    touches = Touches.of([touch(1, 1, person=0), touch(2, 2, person=1), touch(3, 3, person=0)])
    deals = [case(deal("won", "100", 9), lead_contact=1, lead_created_at=day(4))]
    [outcome] = attribute(deals, touches, policy(), rate)
    assert {c.touchpoint_id for c in outcome.credits if "lead_created" in c.position} == {"t002"}


AMOUNTS = st.integers(0, 10**7).map(lambda cents: f"{cents / 100:.2f}")
TOUCHES = st.lists(
    st.builds(
        touch,
        st.integers(0, 30),
        st.integers(-5, 30).map(lambda n: n / 2),
        st.sampled_from(["Email", "Direct", "Paid Search", "Events"]),
        st.integers(0, 2),
    ),
    max_size=12,
    unique_by=lambda row: row.touchpoint_id,
)
VERSIONS = st.lists(
    st.builds(
        lambda status, amount, at, currency, back: deal(
            status, amount, at, currency=currency, refunds=(refund("r", back, at),)
        ),
        st.sampled_from(["open", "won", "won", "lost"]),
        AMOUNTS,
        st.integers(1, 9),
        st.sampled_from(["USD", "EUR", "JPY", "GBP"]),
        AMOUNTS,
    ),
    min_size=1,
    max_size=5,
)


@given(VERSIONS, TOUCHES, st.sampled_from(["USD", "JPY", "KWD"]))
def test_credits_sum_exactly_to_each_entry_under_each_model(
    versions: list[Deal], touched: list[Touched], base: str
) -> None:
    [outcome] = attribute([case(*versions)], Touches.of(touched), policy(base), rate)
    sums: dict[tuple[str, str], list[Decimal | None]] = defaultdict(list)
    for c in outcome.credits:
        sums[c.model, c.entry_id].append(c.amount_base)
    for entry in outcome.entries:
        for model in rule_models():
            parts = sums[model, entry.entry_id]
            if entry.amount_base is None:
                assert parts and not any(part is not None for part in parts)
            else:
                assert sum(parts) == entry.amount_base
                assert entry.amount_base == round(entry.amount_base, decimals(base))


@given(VERSIONS, TOUCHES, st.data())
def test_no_order_or_duplication_of_touches_and_versions_changes_an_outcome(
    versions: list[Deal], touched: list[Touched], data: st.DataObject
) -> None:
    again = data.draw(st.permutations(touched + touched[:3]))
    shuffled = data.draw(st.permutations(versions + versions[:1]))
    assert attribute([case(*shuffled)], Touches.of(again), policy(), rate) == attribute(
        [case(*versions)], Touches.of(touched), policy(), rate
    )


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(-(10**7), 10**13), min_size=1, max_size=4),
            st.lists(st.sampled_from([0.0, 0.1, 1 / 3, 0.5, 1.0]), max_size=5).filter(lambda w: not w or max(w) > 0),
        ),
        max_size=5,
    )
)
def test_many_closes_at_once_are_credited_as_each_alone(closes: list[tuple[list[int], list[float]]]) -> None:
    weights = np.array([w for _, own in closes for w in own], dtype=np.float64)
    offsets = np.cumsum([0, *(len(own) for _, own in closes)], dtype=np.int64)
    nets = [list(accumulate(amounts)) for amounts, _ in closes]
    rounds = entry_parts(nets, weights, offsets)
    for (amounts, own), start in zip(closes, offsets.tolist(), strict=False):
        if not own:
            continue
        for number, expected in enumerate(credits_of([Decimal(a) for a in amounts], Decimal(1), own, 0)):
            assert rounds[number][start : start + len(own)].tolist() == expected
