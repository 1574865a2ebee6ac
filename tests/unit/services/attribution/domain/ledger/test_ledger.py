"""Credits of a deal's money over time."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.attribution.domain.ledger.ledger import (
    Booking,
    LedgerEntry,
    bookings,
    credit_booking,
    entry_amounts,
)
from tests.unit.services.attribution.domain.builders import day

THIRDS = (1 / 3, 1 / 3, 1 / 3)


def entries(*lines):
    """Ledger lines such as ("booked", "100.00"), a day apart."""
    return tuple(LedgerEntry(f"e{i}", kind, Decimal(amount), day(i)) for i, (kind, amount) in enumerate(lines))


def credited(lines, weights=THIRDS, rate="1", currency="USD"):
    """Per entry the amounts of its touches."""
    booking = Booking(entries(*lines), None if rate is None else Decimal(rate), weights)
    table: dict[str, list] = {}
    for credit in credit_booking(booking, currency):
        table.setdefault(credit.entry_id, []).append(credit.amount_base)
    return list(table.values())


def money(*amounts):
    return [Decimal(amount) for amount in amounts]


def test_a_booking_is_split_to_the_cent_with_the_odd_one_to_the_earliest():
    assert credited([("booked", "100.00")]) == [money("33.34", "33.33", "33.33")]


def test_a_full_refund_brings_every_touch_back_to_zero():
    [booked, refunded] = credited([("booked", "100.00"), ("refunded", "-100.00")])
    assert refunded == [-amount for amount in booked]


def test_a_partial_refund_is_the_difference_of_two_splits():
    assert credited([("booked", "100.00"), ("refunded", "-0.01")]) == [
        money("33.34", "33.33", "33.33"),
        money("-0.01", "0.00", "0.00"),
    ]


def test_reopening_undoes_amendments_and_refunds_too():
    lines = [("booked", "80"), ("amended", "25.55"), ("refunded", "-10.01"), ("reopened", "-95.54")]
    totals = [sum(column) for column in zip(*credited(lines, (0.5, 0.3, 0.2), "0.917"), strict=True)]
    assert totals == money("0.00", "0.00", "0.00")


def test_amounts_are_converted_net_so_that_rounding_never_piles_up():
    lines = [("booked", "0.05"), *[("refunded", "-0.01")] * 5]
    amounts = entry_amounts(Booking(entries(*lines), Decimal("0.5"), (1.0,)), "USD")
    assert sum(amounts.values()) == 0
    assert list(amounts.values()) == money("0.03", "-0.01", "0.00", "-0.01", "0.00", "-0.01")


@pytest.mark.parametrize(("currency", "first"), [("JPY", "334"), ("KWD", "333.334")])
def test_the_minor_unit_is_that_of_the_base_currency(currency, first):
    assert credited([("booked", "1000")], currency=currency)[0][0] == Decimal(first)


def test_a_deal_without_touches_is_unattributed_and_still_adds_up():
    booking = Booking(entries(("booked", "10"), ("refunded", "-4")), Decimal(2), ())
    assert [(c.touch, c.weight, c.amount_base) for c in credit_booking(booking, "USD")] == [
        (None, 1.0, Decimal("20.00")),
        (None, 1.0, Decimal("-8.00")),
    ]


def test_touches_without_weight_get_no_credit_and_the_others_keep_their_index():
    booking = Booking(entries(("booked", "10")), Decimal(1), (0.0, 0.5, 0.0, 0.5))
    assert [credit.touch for credit in credit_booking(booking, "USD")] == [1, 3]


def test_without_a_rate_the_shares_stay_and_the_amount_is_unknown():
    assert credited([("booked", "10")], rate=None) == [[None, None, None]]
    assert entry_amounts(Booking(entries(("booked", "10")), None, ()), "USD") == {"e0": None}


def test_a_new_close_starts_a_booking_of_its_own():
    lines = entries(("booked", "10"), ("refunded", "-1"), ("reopened", "-9"), ("booked", "12"), ("renewed", "12"))
    assert [[entry.kind for entry in group] for group in bookings(reversed(lines))] == [
        ["booked", "refunded", "reopened"], ["booked"], ["renewed"],
    ]  # fmt: skip


amount = st.decimals(-10_000, 10_000, places=3)


@settings(max_examples=60)
@given(
    st.lists(amount, min_size=1, max_size=6),
    st.lists(st.floats(0.01, 1), max_size=5),
    st.decimals("0.001", 200, places=6),
    st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_credits_of_every_entry_sum_exactly_to_the_entry(amounts, weights, rate, currency):
    booking = Booking(entries(*(("amended", value) for value in amounts)), rate, tuple(weights))
    sums: dict[str, Decimal] = {}
    for credit in credit_booking(booking, currency):
        sums[credit.entry_id] = sums.get(credit.entry_id, Decimal(0)) + credit.amount_base
    assert sums == entry_amounts(booking, currency)
