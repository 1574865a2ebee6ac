"""Whose touches a deal's are: those of people while they belonged to its account."""

from typing import Any

from services.attribution.recompute.compute import Done
from shared.events.person import IdentifierSpan, Membership, Person
from shared.events.touchpoint import Account
from tests.integration.attribution.company import ADS, MAIL, SOCIAL, day, deal, email, named, touch
from tests.integration.attribution.taking import Taking

ANN, BOB = "ann@acme.com", "bob@gmail.com"


def someone(name: str, *memberships: Membership, address: str | None = None, version: int = 1, **facts: Any) -> Person:
    """A person with a browser of their own, named after them."""
    spans = (IdentifierSpan("anonymous_id", name), *((email(address),) if address else ()))
    return Person(named("person", name), version, spans, memberships=memberships, **facts)


def of(
    account_id: str, domain: str | None = None, since: float | None = None, until: float | None = None
) -> Membership:
    """To have belonged to an account between two days."""
    return Membership(
        account_id,
        "explicit",
        domain,
        since=None if since is None else day(since),
        until=None if until is None else day(until),
    )


async def test_a_deal_by_domain_finds_whoever_named_the_account_by_its_id(attribution: Taking) -> None:
    by_domain = deal("won", "100", 5, account=Account(domain="acme.com"))
    await attribution.take(touch("1", 1, anonymous_id="bob"), someone("bob", of("A1", "acme.com")), by_domain)
    assert await attribution.credited("last") == [("booked", "Paid Search", "100.00")]


async def test_a_deal_by_domain_finds_those_of_the_id_once_anybody_joins_the_two(attribution: Taking) -> None:
    by_domain = deal("won", "100", 5, account=Account(domain="acme.com"))
    await attribution.take(touch("1", 1, anonymous_id="bob"), someone("bob", of("A1")), by_domain)
    assert await attribution.credited("last") == [("booked", "Unattributed", "100.00")]
    await attribution.take(someone("cec", of("A1", "acme.com")))
    assert await attribution.credited("last") == [("booked", "Paid Search", "100.00")]


async def test_a_deal_with_an_id_and_one_contact_credits_her_colleagues(attribution: Taking) -> None:
    theirs = deal("won", "100", 5, account=Account(id="A1"), contacts=(ANN,))
    await attribution.take(
        touch("1", 1, ADS, anonymous_id="ann"),
        touch("2", 2, MAIL, anonymous_id="bob"),
        touch("3", 3, SOCIAL, anonymous_id="cec"),
        someone("ann", of("A1", "acme.com"), address=ANN),
        someone("bob", of("A1", "acme.com"), address=BOB),
        someone("cec", address="cec@acme.com"),
        theirs,
    )
    assert await attribution.credited("linear") == [
        ("booked", "Paid Search", "33.34"),
        ("booked", "Email", "33.33"),
        ("booked", "Organic Social", "33.33"),
    ]


async def test_a_closed_deal_stays_as_it_was_when_somebody_moves_on(attribution: Taking) -> None:
    old = deal("won", "100", 5, account=Account(id="A1"))
    new = deal("won", "70", 20, account=Account(id="B1"), deal_id="d2")
    before = someone("bob", of("A1"))
    after = someone("bob", of("A1", until=10), of("B1", since=10), version=2)
    touches = touch("1", 1, ADS, anonymous_id="bob"), touch("2", 15, MAIL, anonymous_id="bob")
    await attribution.take(*touches, before, old, new)
    assert await attribution.credited("last", "d2") == [("booked", "Unattributed", "70.00")]
    await attribution.take(after)
    assert await attribution.credited("linear", "d1") == [("booked", "Paid Search", "100.00")]
    assert await attribution.credited("linear", "d2") == [("booked", "Email", "70.00")]


async def test_a_closed_deal_known_by_its_contact_only_keeps_its_account_when_she_moves(attribution: Taking) -> None:
    unnamed = deal("won", "100", 5, account=None, contacts=(BOB,), created_at=day(2))
    await attribution.take(
        touch("1", 1, ADS, anonymous_id="cec"), someone("cec", of("A1")), someone("bob", of("A1"), address=BOB), unnamed
    )
    assert await attribution.credited("last") == [("booked", "Paid Search", "100.00")]
    moved = someone("bob", of("A1", until=10), of("B1", since=10), address=BOB, version=2)
    assert await attribution.take(moved) == Done(1, 0)


async def test_another_deal_that_names_the_contact_takes_nobody_out_of_an_earlier_one(attribution: Taking) -> None:
    by_domain = deal("won", "100", 5, account=Account(domain="acme.com"))
    ann = someone("ann", of("domain:acme.com", "acme.com"), address=ANN)
    await attribution.take(touch("1", 1, anonymous_id="ann"), ann, by_domain)
    await attribution.take(
        deal("won", "70", 9, account=Account(id="B1"), contacts=(ANN,), deal_id="d2"),
        someone("ann", of("domain:acme.com", "acme.com", until=9), of("B1", since=9), address=ANN, version=2),
    )
    assert await attribution.credited("last", "d1") == [("booked", "Paid Search", "100.00")]
    assert await attribution.credited("last", "d2") == [("booked", "Paid Search", "70.00")]


async def test_a_touch_counts_for_the_account_that_its_person_belonged_to_then(attribution: Taking) -> None:
    await attribution.take(
        touch("1", 1, ADS, anonymous_id="bob"),
        touch("2", 3, MAIL, anonymous_id="bob"),
        someone("bob", of("A1", until=3), of("B1", since=3)),
        deal("won", "100", 5, account=Account(id="A1")),
        deal("won", "70", 5, account=Account(id="B1"), deal_id="d2"),
    )
    assert await attribution.credited("linear", "d1") == [("booked", "Paid Search", "100.00")]
    assert await attribution.credited("linear", "d2") == [("booked", "Email", "70.00")]


async def test_of_two_leads_created_at_one_moment_the_event_with_the_first_id_decides(attribution: Taking) -> None:
    touches = touch("1", 1, ADS, anonymous_id="ann"), touch("2", 2, MAIL, anonymous_id="bob")
    theirs = deal("won", "100", 5, account=Account(id="A1"), created_at=day(4))
    for version, (first, second) in enumerate([("a", "b"), ("b", "a")], 1):
        await attribution.take(
            *touches,
            theirs,
            someone("ann", of("A1"), version=version, lead_created_at=day(3), lead_created_by=first),
            someone("bob", of("A1"), version=version, lead_created_at=day(3), lead_created_by=second),
        )
        rows = await attribution.rows(
            "SELECT channel FROM warehouse.fct_credit WHERE model = 'u_lead' AND superseded_at IS NULL "
            "AND position LIKE '%lead_created%'"
        )
        assert rows == [{"channel": "Paid Search" if first == "a" else "Email"}]


async def test_a_lead_created_before_she_came_to_the_company_is_not_its_first(attribution: Taking) -> None:
    await attribution.take(
        touch("1", 1, ADS, anonymous_id="bob"),
        touch("2", 6, MAIL, anonymous_id="ann"),
        someone("ann", of("B1", until=5), of("A1", since=5), lead_created_at=day(0)),
        someone("bob", of("A1"), lead_created_at=day(2)),
        deal("won", "100", 9, account=Account(id="A1")),
    )
    rows = await attribution.rows(
        "SELECT channel FROM warehouse.fct_credit WHERE model = 'u_lead' AND position LIKE '%lead_created%'"
    )
    assert rows == [{"channel": "Paid Search"}]
