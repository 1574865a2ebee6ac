"""Credits of a deal's money over time."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.attribution.domain.deals.earned import entry_parts
from services.attribution.domain.ledger.ledger import Kind, LedgerEntry, entry_amounts
from services.attribution.domain.ledger.money import WHOLE, decimals, to_major, to_minor
from tests.unit.services.attribution.domain.builders import day
from tests.unit.services.attribution.domain.ledger.reference import credits_of

THIRDS = (1 / 3, 1 / 3, 1 / 3)


def entries(*lines: tuple[Kind, str | Decimal]) -> list[LedgerEntry]:
    """Ledger lines such as ("booked", "100.00"), a day apart."""
    return [LedgerEntry(f"e{i}", kind, Decimal(amount), day(i)) for i, (kind, amount) in enumerate(lines)]


def credited(
    lines: Sequence[tuple[Kind, str | Decimal]],
    weights: Sequence[float] = THIRDS,
    rate: str | Decimal = "1",
    currency: str = "USD",
) -> list[list[Decimal]]:
    """Per entry the amounts of its touches."""
    amounts = [a for a in entry_amounts(entries(*lines), Decimal(rate), currency) if a is not None]
    nets = list(accumulate(to_minor(amount, currency) for amount in amounts))
    whole = np.rint(np.array(weights) * WHOLE).astype(np.int64)
    rounds = entry_parts([nets], 1, whole, None, np.array([0, len(weights)]))
    return [[to_major(part, currency) for part in parts.tolist()] for parts in rounds]


def money(*amounts: str) -> list[Decimal]:
    return [Decimal(amount) for amount in amounts]


def test_a_booking_is_split_to_the_cent_with_the_odd_one_to_the_earliest() -> None:
    assert credited([("booked", "100.00")]) == [money("33.34", "33.33", "33.33")]


def test_a_full_refund_brings_every_touch_back_to_zero() -> None:
    [booked, refunded] = credited([("booked", "100.00"), ("refunded", "-100.00")])
    assert refunded == [-amount for amount in booked]


def test_a_partial_refund_is_the_difference_of_two_splits() -> None:
    assert credited([("booked", "100.00"), ("refunded", "-0.01")]) == [
        money("33.34", "33.33", "33.33"),
        money("-0.01", "0.00", "0.00"),
    ]


def test_reopening_undoes_amendments_and_refunds_too() -> None:
    lines: list[tuple[Kind, str]] = [
        ("booked", "80"), ("amended", "25.55"), ("refunded", "-10.01"), ("reopened", "-95.54"),
    ]  # fmt: skip
    totals = [sum(column) for column in zip(*credited(lines, (0.5, 0.3, 0.2), "0.917"), strict=True)]
    assert totals == money("0.00", "0.00", "0.00")


def test_amounts_are_converted_net_so_that_rounding_never_piles_up() -> None:
    refunds: list[tuple[Kind, str]] = [("refunded", "-0.01")] * 5
    amounts = entry_amounts(entries(("booked", "0.05"), *refunds), Decimal("0.5"), "USD")
    assert amounts == money("0.03", "-0.01", "0.00", "-0.01", "0.00", "-0.01")


@pytest.mark.parametrize(("currency", "first"), [("JPY", "334"), ("KWD", "333.334")])
def test_the_minor_unit_is_that_of_the_base_currency(currency: str, first: str) -> None:
    assert credited([("booked", "1000")], currency=currency)[0][0] == Decimal(first)


def test_without_a_rate_the_amount_is_unknown() -> None:
    assert entry_amounts(entries(("booked", "10")), None, "USD") == [None]


amount = st.decimals(-10_000, 10_000, places=3)


@settings(max_examples=60)
@given(
    st.lists(amount, min_size=1, max_size=6),
    st.lists(st.floats(0.01, 1), min_size=1, max_size=5),
    st.decimals("0.001", 200, places=6),
    st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_credits_of_every_entry_sum_exactly_to_the_entry_and_are_those_of_the_reference(
    amounts: list[Decimal], weights: list[float], rate: Decimal, currency: str
) -> None:
    lines: list[tuple[Kind, Decimal]] = [("amended", value) for value in amounts]
    found = credited(lines, weights, rate, currency)
    assert [sum(of_entry) for of_entry in found] == entry_amounts(entries(*lines), rate, currency)
    expected = credits_of(amounts, rate, weights, decimals(currency))
    assert [[to_minor(one, currency) for one in of_entry] for of_entry in found] == expected
