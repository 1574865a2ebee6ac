"""Deals in, entries and credits out: exact sums, and no order in which things came matters."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.attribution.domain.deals.attribute import Case, Outcome, Policy, attribute
from services.attribution.domain.deals.fold import fold
from services.attribution.domain.deals.touches import Touches
from services.attribution.domain.journeys.selection import Rules
from services.attribution.domain.ledger.money import decimals
from services.attribution.domain.models import rule_models
from shared.events.deal import Deal
from tests.unit.services.attribution.domain.deals.builders import day, deal, refund
from tests.unit.services.attribution.domain.deals.touched import Credited, Touched, columns, credits_of, uuid
from tests.unit.services.attribution.domain.ledger.reference import credits_of as reference


def policy(base: str = "USD", lookback: float | None = None) -> Policy:
    """All rule models."""
    rules = Rules(None if lookback is None else timedelta(days=lookback))
    return Policy(rule_models(), rules, base, {})


def rate(currency: str, _: date) -> Decimal | None:
    """USD is the base; a euro is 1.0837, a yen 0.00671; nobody publishes a pound."""
    return {"USD": Decimal(1), "EUR": Decimal("1.0837"), "JPY": Decimal("0.00671")}.get(currency)


def case(*versions: Deal, **facts: Any) -> Case:
    """A case of these versions."""
    return Case("d1", fold(versions), day(0), **facts)


def touch(n: int, at: float, channel: str = "Email", person: int = 0, deal_number: int = 0) -> Touched:
    """Touch tn on a day, of a campaign of its own."""
    return Touched(deal_number, person, uuid(n), day(at), channel, "s", "m", f"c{n}")


def credited(outcome: Outcome, touches: Touches, model: str, kind: str = "booked") -> list[tuple[int | None, str]]:
    """(number of the touch, amount) of the entries of a kind under a model."""
    ids = {e.entry_id for e in outcome.entries if e.kind == kind}
    return [
        (None if c.touchpoint_id is None else UUID(c.touchpoint_id).int, str(c.amount_base))
        for c in credits_of(outcome, touches)
        if c.model == model and c.entry_id in ids
    ]


def test_a_touch_after_the_close_earns_nothing_and_the_deal_is_unattributed() -> None:
    touches = columns([touch(1, 6)])
    [outcome] = attribute([case(deal("won", "100", 5))], touches, policy(), rate)
    assert credited(outcome, touches, "linear") == [(None, "100.00")]
    assert {c.channel for c in credits_of(outcome, touches)} == {"Unattributed"}


def test_a_second_close_has_the_touches_up_to_it() -> None:
    versions = deal("won", "100", 5), deal("open", "100", 6), deal("won", "50", 9)
    touches = columns([touch(1, 1), touch(2, 8)])
    [outcome] = attribute([case(*versions)], touches, policy(), rate)
    assert credited(outcome, touches, "last") == [(1, "100.00"), (2, "50.00")]
    assert credited(outcome, touches, "last", "reopened") == [(1, "-100.00")]


def test_the_lookback_is_counted_from_each_close() -> None:
    versions = deal("won", "100", 5), deal("open", "100", 6), deal("won", "50", 20)
    touches = columns([touch(1, 1), touch(2, 18)])
    [outcome] = attribute([case(*versions)], touches, policy(lookback=10), rate)
    assert credited(outcome, touches, "first") == [(1, "100.00"), (2, "50.00")]


def test_an_open_deal_credits_its_pipeline() -> None:
    touches = columns([touch(1, 1), touch(2, 99)])
    [outcome] = attribute([case(deal("open", "80", 5))], touches, policy(), rate)
    assert credited(outcome, touches, "last", "pipeline") == [(2, "80.00")]


def test_only_the_first_touch_of_a_session_earns() -> None:
    same = [touch(n, 1)._replace(at=day(1) + timedelta(minutes=10 * n), campaign="one") for n in range(4)]
    touches = columns(same)
    [outcome] = attribute([case(deal("won", "100", 5))], touches, policy(), rate)
    assert credited(outcome, touches, "linear") == [(0, "100.00")]


def test_an_amount_without_a_rate_is_credited_by_weight_alone() -> None:
    touches = columns([touch(1, 1)])
    [outcome] = attribute([case(deal("won", "9", 5, currency="GBP"))], touches, policy(), rate)
    assert [(e.amount, e.amount_base) for e in outcome.entries] == [(Decimal(9), None)]
    assert {(c.weight, c.amount_base) for c in credits_of(outcome, touches)} == {(Decimal(1), None)}


def test_a_person_of_two_deals_earns_in_both() -> None:
    cases = [case(deal("won", "100", 5)), case(deal("won", "60", 5))]
    touches = columns([touch(1, 1), touch(1, 1, deal_number=1), touch(2, 2, deal_number=1)])
    one, other = attribute(cases, touches, policy(), rate)
    assert credited(one, touches, "linear") == [(1, "100.00")]
    assert credited(other, touches, "linear") == [(1, "30.00"), (2, "30.00")]


def test_a_touch_that_two_people_are_said_to_have_made_counts_once() -> None:
    touches = columns([touch(1, 1, person=1), touch(1, 1, person=0), touch(2, 2, person=1)])
    [outcome] = attribute([case(deal("won", "60", 5))], touches, policy(), rate)
    assert credited(outcome, touches, "linear") == [(1, "30.00"), (2, "30.00")]
    assert touches.person.tolist() == [0, 1]


def test_the_position_lead_created_is_the_touch_of_the_first_leads_own() -> None:
    touches = columns([touch(1, 1, person=0), touch(2, 2, person=1), touch(3, 3, person=0)])
    deals = [case(deal("won", "100", 9), lead_contact=1, lead_created_at=day(4))]
    [outcome] = attribute(deals, touches, policy(), rate)
    lead_created = 2
    assert {c.touchpoint_id for c in credits_of(outcome, touches) if c.positions & lead_created} == {uuid(2)}


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
    touches = columns(touched)
    [outcome] = attribute([case(*versions)], touches, policy(base), rate)
    sums: dict[tuple[str, str], list[Decimal | None]] = defaultdict(list)
    weights: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for c in credits_of(outcome, touches, base):
        sums[c.model, c.entry_id].append(c.amount_base)
        weights[c.model, c.entry_id] += c.weight
    assert set(weights.values()) <= {1}
    for entry in outcome.entries:
        for model in rule_models():
            parts = sums[model, entry.entry_id]
            if entry.amount_base is None:
                assert parts and not any(part is not None for part in parts)
            else:
                assert sum(part for part in parts if part is not None) == entry.amount_base and None not in parts
                assert entry.amount_base == round(entry.amount_base, decimals(base))


@given(VERSIONS, TOUCHES, st.data())
def test_no_order_or_duplication_of_touches_and_versions_changes_an_outcome(
    versions: list[Deal], touched: list[Touched], data: st.DataObject
) -> None:
    again = columns(data.draw(st.permutations(touched + touched[:3])))
    shuffled = data.draw(st.permutations(versions + versions[:1]))
    [outcome] = attribute([case(*shuffled)], again, policy(), rate)
    [other] = attribute([case(*versions)], columns(touched), policy(), rate)
    assert outcome.entries == other.entries
    assert list(credits_of(outcome, again)) == list(credits_of(other, columns(touched)))


@given(VERSIONS, TOUCHES)
def test_every_credit_is_what_one_entry_and_touch_at_a_time_comes_to(
    versions: list[Deal], touched: list[Touched]
) -> None:
    touches = columns(touched)
    [outcome] = attribute([case(*versions)], touches, policy(), rate)
    by_close: dict[tuple[str, int], dict[str, list[Credited]]] = defaultdict(lambda: defaultdict(list))
    booking = {entry.entry_id: entry.booking for entry in outcome.entries}
    for c in credits_of(outcome, touches):
        by_close[c.model, booking[c.entry_id]][c.entry_id].append(c)
    for (_, number), entries in by_close.items():
        own = [entry for entry in outcome.entries if entry.booking == number]
        known = rate(own[0].currency, own[0].occurred_at.date())
        if known is None:
            continue
        weights = [float(c.weight) for c in entries[own[0].entry_id]]
        for entry, expected in zip(own, reference([e.amount for e in own], known, weights, 2), strict=True):
            assert [c.amount_base for c in entries[entry.entry_id]] == [Decimal(n).scaleb(-2) for n in expected]
