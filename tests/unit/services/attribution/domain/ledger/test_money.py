"""Money splits exactly, in any currency and whatever the weights."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.attribution.domain.ledger.money import decimals, split, split_many, to_major, to_minor
from tests.unit.services.attribution.domain.ledger.reference import in_trillionths, largest_remainder

THIRDS = [1 / 3, 1 / 3, 1 / 3]


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("12.34", "USD", 1234), ("1200", "jpy", 1200), ("1.2345", "KWD", 1235), ("-0.005", "EUR", -1), ("0", "CLF", 0)],
)
def test_amounts_become_minor_units_of_their_currency(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor
    assert to_major(minor, currency).as_tuple().exponent == -decimals(currency)


@pytest.mark.parametrize("code", ["", "US", "DOLLAR", "U$D", "ÄÖÜ"])
def test_what_is_no_currency_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="three letters"):
        decimals(code)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, THIRDS, [34, 33, 33]),
        (-100, THIRDS, [-34, -33, -33]),
        (200, THIRDS, [67, 67, 66]),
        (1, [0.5, 0.5], [1, 0]),
        (1, [0.2, 0.6, 0.2], [0, 1, 0]),
        (3, [0.1 + 0.2, 0.3, 0.4], [1, 1, 1]),
        (1, [0.1 + 0.2, 0.3], [1, 0]),
        (1, [0.3, 0.1 + 0.2], [1, 0]),
        (0, THIRDS, [0, 0, 0]),
        (10**30 + 1, [0.5, 0.5], [(10**30 + 2) // 2, 10**30 // 2]),
    ],
)
def test_a_split_goes_by_largest_remainder_and_ties_go_to_the_earlier(
    total: int, weights: list[float], parts: list[int]
) -> None:
    assert split(total, weights) == parts


@pytest.mark.parametrize("weights", [[], [0.0], [-1.0, 2.0]])
def test_a_split_without_usable_weights_is_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="above zero"):
        split(1, weights)


weights = st.lists(st.floats(0, 1), min_size=1, max_size=8).filter(lambda own: sum(own) > 1e-3)
amounts = st.one_of(st.integers(-(10**6), 10**6), st.integers(-(10**16), 10**16))


@given(amounts, weights)
def test_parts_add_up_exactly_and_each_is_within_one_unit_of_its_share(total: int, own: list[float]) -> None:
    parts = split(total, own)
    assert sum(parts) == total
    assert parts == [-part for part in split(-total, own)]
    if abs(total) < 10**9:
        assert all(abs(part - total * w / sum(own)) < 1.01 for part, w in zip(parts, own, strict=True))


@settings(max_examples=60)
@given(st.lists(st.tuples(amounts, weights), min_size=1, max_size=6))
def test_many_deals_at_once_are_split_as_the_reference_splits_each(deals: list[tuple[int, list[float]]]) -> None:
    normal = [[w / sum(own) for w in own] for _, own in deals]
    offsets = np.cumsum([0, *map(len, normal)])
    parts = split_many(np.array([total for total, _ in deals]), np.concatenate(normal), offsets)
    expected = [
        part
        for (total, _), own in zip(deals, normal, strict=True)
        for part in largest_remainder(total, in_trillionths(own))
    ]
    assert parts.tolist() == expected


def test_deals_without_touches_are_passed_over() -> None:
    parts = split_many(np.array([5, 7, 9]), np.array([0.5, 0.5]), np.array([0, 0, 2, 2]))
    assert parts.tolist() == [4, 3]


@given(st.integers(1, 10**8), st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_a_tie_on_paper_goes_to_the_earlier_though_the_floats_differ(total: int, ratios: list[int]) -> None:
    exact = [Fraction(total * ratio, sum(ratios)) for ratio in ratios]
    expected = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (int(exact[i]) - exact[i], i))
    for i in by_remainder[: total - sum(expected)]:
        expected[i] += 1
    assert split(total, [ratio / sum(ratios) for ratio in ratios]) == expected
