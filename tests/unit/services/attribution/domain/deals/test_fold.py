"""A deal's versions make its ledger, whatever order they came in."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attribution.domain.deals.fold import Close, fold
from services.attribution.domain.deals.version import in_order
from shared.events.deal import Deal, Refund
from tests.unit.services.attribution.domain.deals.builders import account, day, deal, refund


def lines(closes: list[Close]) -> list[tuple[int, str, str, datetime]]:
    """(booking, kind, amount, when) of every entry."""
    return [
        (close.number, e.kind, format(e.amount.normalize(), "f"), e.occurred_at)
        for close in closes
        for e in close.entries
    ]


EXAMPLES = {
    "an open deal is pipeline": ([deal("open", "100", 1)], [(1, "pipeline", "100", day(0))]),
    "a lost deal is nothing": ([deal("open", "100", 1), deal("lost", "100", 2)], []),
    "a won deal is booked at its close": (
        [deal("open", "90", 1), deal("won", "100", 5, 4)],
        [(1, "booked", "100", day(4))],
    ),
    "a new amount amends": (
        [deal("won", "100", 1), deal("won", "120", 3, 1)],
        [(1, "booked", "100", day(1)), (1, "amended", "20", day(3))],
    ),
    "a version that changes no money adds no entry": (
        [deal("won", "100", 1), deal("won", "100.00", 3, 1, name="renamed")],
        [(1, "booked", "100", day(1))],
    ),
    "each refund counts once": (
        [
            deal("won", "100", 1, refunds=(refund("r1", "30", 5),)),
            deal("won", "100", 6, 1, refunds=(refund("r1", "30", 5), refund("r2", "10", 6))),
        ],
        [(1, "booked", "100", day(1)), (1, "refunded", "-30", day(5)), (1, "refunded", "-10", day(6))],
    ),
    "a corrected refund adds the difference": (
        [
            deal("won", "100", 1, refunds=(refund("r1", "30", 5),)),
            deal("won", "100", 7, 1, refunds=(refund("r1", "20", 5),)),
        ],
        [(1, "booked", "100", day(1)), (1, "refunded", "-30", day(5)), (1, "refunded", "10", day(5))],
    ),
    "a refund dated before the close is of the close": (
        [deal("won", "100", 4, refunds=(refund("r1", "30", 2),))],
        [(1, "booked", "100", day(4)), (1, "refunded", "-30", day(4))],
    ),
    "reopening takes back what is left": (
        [deal("won", "100", 1, refunds=(refund("r1", "30", 2),)), deal("lost", "100", 3)],
        [(1, "booked", "100", day(1)), (1, "refunded", "-30", day(2)), (1, "reopened", "-70", day(3))],
    ),
    "a deal reopened and won again is booked again, and owes nothing of the first sale's refund": (
        [
            deal("won", "100", 1, refunds=(refund("r1", "30", 2),)),
            deal("open", "100", 3),
            deal("won", "90", 5, refunds=(refund("r1", "30", 2),)),
        ],
        [
            (1, "booked", "100", day(1)),
            (1, "refunded", "-30", day(2)),
            (1, "reopened", "-70", day(3)),
            (2, "booked", "90", day(5)),
        ],
    ),
    "a refund heard of late is taken from the sale that stood at its time": (
        [deal("won", "100", 1), deal("open", "100", 3), deal("won", "90", 5, refunds=(refund("r1", "30", 2),))],
        [
            (1, "booked", "100", day(1)),
            (1, "refunded", "-30", day(2)),
            (1, "reopened", "-70", day(3)),
            (2, "booked", "90", day(5)),
        ],
    ),
    "a refund after the second sale is the second's, though the CRM keeps the first date": (
        [
            deal("won", "100", 1),
            deal("open", "100", 3),
            deal("won", "90", 5, closed=1),
            deal("won", "90", 7, closed=1, refunds=(refund("r1", "30", 6), refund("r2", "10", 2))),
        ],
        [
            (1, "booked", "100", day(1)),
            (1, "refunded", "-10", day(2)),
            (1, "reopened", "-90", day(3)),
            (2, "booked", "90", day(1)),
            (2, "refunded", "-30", day(6)),
        ],
    ),
    "a corrected currency keeps the refund": (
        [
            deal("won", "100", 1, refunds=(refund("r1", "30", 2),)),
            deal("won", "100", 4, 1, currency="EUR", refunds=(refund("r1", "30", 2),)),
        ],
        [
            (1, "booked", "100", day(1)),
            (1, "refunded", "-30", day(2)),
            (1, "reopened", "-70", day(4)),
            (2, "booked", "100", day(1)),
            (2, "refunded", "-30", day(2)),
        ],
    ),
    "a deleted deal nets to zero": (
        [deal("won", "100", 1), deal("deleted", "100", 3)],
        [(1, "booked", "100", day(1)), (1, "reopened", "-100", day(3))],
    ),
    "an open deal that is deleted is nothing": ([deal("open", "100", 1), deal("deleted", "100", 3)], []),
    "an open deal without an amount is pipeline of nothing": (
        [deal("open", None, 1)],
        [(1, "pipeline", "0", day(0))],
    ),
    "a deal that never said when it began did so when it was first heard of": (
        [deal("open", "80", 2, created_at=None), deal("open", "100", 4, created_at=None)],
        [(1, "pipeline", "100", day(2))],
    ),
    "what one version said of its beginning stands for those that say nothing": (
        [deal("open", "80", 2, created_at=day(1)), deal("open", "100", 4, created_at=None)],
        [(1, "pipeline", "100", day(1))],
    ),
    "a version dated far ahead counts a day after it came, and later ones follow it": (
        [
            deal("won", "100", 1),
            deal("open", "70", 2, updated_at=day(30_000)),
            deal("won", "90", 8),
        ],
        [
            (1, "booked", "100", day(1)),
            (1, "reopened", "-100", day(3)),
            (2, "booked", "90", day(8)),
        ],
    ),
    "a reopened deal is pipeline again": (
        [deal("won", "100", 1), deal("open", "80", 3)],
        [(1, "booked", "100", day(1)), (1, "reopened", "-100", day(3)), (2, "pipeline", "80", day(0))],
    ),
    "a corrected close date moves the booking": (
        [deal("won", "100", 1), deal("won", "100", 3, closed=2)],
        [(1, "booked", "100", day(2))],
    ),
    "a renewal is renewed": ([deal("won", "100", 1, type="renewal")], [(1, "renewed", "100", day(1))]),
    "another currency is another booking": (
        [deal("won", "100", 1), deal("won", "100", 2, currency="EUR")],
        [(1, "booked", "100", day(1)), (1, "reopened", "-100", day(2)), (2, "booked", "100", day(2))],
    ),
    "a sale of nothing is a sale": ([deal("won", "0", 1)], [(1, "booked", "0", day(1))]),
}


@pytest.mark.parametrize(("versions", "expected"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_versions_fold_into_entries(versions: list[Deal], expected: list[tuple[int, str, str, datetime]]) -> None:
    assert lines(fold(versions)) == expected


def test_an_entry_keeps_its_id_when_later_versions_come() -> None:
    [before] = fold([deal("won", "100", 1)])
    [after] = fold([deal("won", "100", 1), deal("won", "150", 2, 1), deal("won", "150", 3, 1, stage="signed")])
    assert after.entries[0] == before.entries[0]


def test_a_late_version_gives_other_entries_where_it_changes_them() -> None:
    [early] = fold([deal("won", "120", 3, 1)])
    [refolded] = fold([deal("won", "120", 3, 1), deal("won", "100", 2, 1)])
    assert {e.entry_id for e in early.entries}.isdisjoint(e.entry_id for e in refolded.entries)


def test_of_two_versions_of_one_moment_the_one_received_later_stands() -> None:
    first, second = (deal("won", str(n), 1, received_at=day(1 + n / 10)) for n in (1, 2))
    assert sum(e.amount for close in fold([second, first]) for e in close.entries) == 2
    again = deal("won", "1", 1, received_at=day(1.5))
    assert sum(e.amount for close in fold([again, second, first]) for e in close.entries) == 1


def test_of_two_versions_in_one_request_the_later_one_stands() -> None:
    versions = [deal("won", str(amount), 1, position=place) for place, amount in enumerate((7, 3, 5))]
    for some in (versions, versions[::-1], versions[1:] + versions[:1]):
        assert sum(e.amount for close in fold(some) for e in close.entries) == 5


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_first_and_the_last_moment_there_is_fold_like_any_other(at: datetime) -> None:
    versions = [
        deal("open", "1", 1, created_at=at, closed_at=at),
        deal("won", "100", 2, updated_at=at, closed_at=at, received_at=at, refunds=(Refund("r", Decimal(1), at),)),
        deal("lost", "100", 3, closed_at=at),
    ]
    for some in (versions[:1], versions[:2], versions):
        for close in fold(some):
            assert close.entries


VERSIONS = st.builds(
    lambda status, cents, at, currency, refunds, received: deal(
        status,
        f"{cents / 100:.2f}",
        at,
        currency=currency,
        received_at=day(at + received / 7),
        position=received,
        refunds=tuple(refund(f"r{n}", f"{part / 100:.2f}", at) for n, part in refunds.items()),
    ),
    st.sampled_from(["open", "won", "won", "lost", "deleted"]),
    st.integers(0, 50_000),
    st.integers(0, 6),
    st.sampled_from(["USD", "USD", "USD", "EUR"]),
    st.dictionaries(st.integers(1, 3), st.integers(0, 9_000), max_size=2),
    st.integers(0, 3),
)


@given(st.lists(VERSIONS, min_size=1, max_size=8), st.data())
def test_order_and_duplication_of_versions_change_nothing(versions: list[Deal], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(versions + data.draw(st.lists(st.sampled_from(versions), max_size=4))))
    assert fold(shuffled) == fold(versions)


@given(st.lists(VERSIONS, min_size=1, max_size=8))
def test_a_won_ledger_nets_to_its_amount_less_its_refunds_and_any_other_to_zero(versions: list[Deal]) -> None:
    closes = fold(versions)
    ids = [e.entry_id for close in closes for e in close.entries]
    assert len(set(ids)) == len(ids)
    booked = [close for close in closes if close.closed_at is not None]
    for close in booked[:-1]:
        assert sum(e.amount for e in close.entries) == 0
    for close in booked:
        assert close.entries[0].kind == "booked"
        assert min(e.occurred_at for e in close.entries) == close.closed_at
    if booked:
        net = sum((e.amount for e in booked[-1].entries), Decimal(0))
        assert net == 0 or booked[-1].entries[-1].kind != "reopened"


@given(st.lists(st.integers(0, 9_000), min_size=1, max_size=5), st.integers(0, 50_000))
def test_what_is_left_of_a_won_deal_is_its_amount_less_its_refunds(parts: list[int], cents: int) -> None:
    refunds = tuple(refund(f"r{n}", f"{part / 100:.2f}", n) for n, part in enumerate(parts))
    versions = [deal("won", f"{cents / 100:.2f}", n + 1, 1, refunds=refunds[:n]) for n in range(len(parts) + 1)]
    [close] = fold(versions)
    assert sum(e.amount for e in close.entries) == Decimal(cents) / 100 - Decimal(sum(parts)) / 100


def test_a_deletion_that_says_no_more_than_the_id_is_of_those_the_version_before_was_of() -> None:
    won = deal("won", "100", 5, account=account(id="acme"), contacts=("ada@acme.com",))
    deleted, corrected = deal("deleted", None, 7), deal("deleted", None, 8, contacts=("ben@acme.com",))
    assert [(version.account, version.contacts) for version in in_order([deleted, corrected, won])] == [
        (won.account, won.contacts),
        (won.account, won.contacts),
        (None, ("ben@acme.com",)),
    ]
