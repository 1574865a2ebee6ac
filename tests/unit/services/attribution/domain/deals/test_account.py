"""Whose deal it is."""

import pytest

from services.attribution.domain.deals.account import Found, Known, deal_keys, find, person_keys
from shared.events.person import IdentifierSpan, Person, PersonAccount
from tests.unit.services.attribution.domain.deals.builders import account, deal

KNOWN = Known(
    by_domain={"acme.com": ["domain:acme.com", "acme-1"], "two.com": ["b", "a"]},
    by_contact={
        ("d1", "ann@gmail.com"): ["acme-1"],
        ("d1", "bob@x.com"): ["x-1"],
        ("d1", "cec@x.com"): ["x-1"],
        ("d1", "dan@y.com"): ["y-1"],
    },
    by_name={"acme": ["acme-1"]},
)

EXAMPLES = {
    "by its id, whatever else is named": (
        account(id="z", domain="acme.com", name="Acme"),
        (),
        Found("z", "explicit", frozenset({"acme.com"})),
    ),
    "by its domain, to the account with an id of its own": (
        account(domain="www.acme.com"),
        (),
        Found("acme-1", "domain", frozenset({"acme.com"})),
    ),
    "by its domain, always the same of several": (
        account(domain="two.com"),
        (),
        Found("a", "domain", frozenset({"two.com"})),
    ),
    "by a domain nobody is known of": (
        account(domain="new.com"),
        (),
        Found("domain:new.com", "domain", frozenset({"new.com"})),
    ),
    "by its contacts' account": (account(name="Acme"), ("ann@gmail.com",), Found("acme-1", "contact")),
    "by most of its contacts": (None, ("dan@y.com", "bob@x.com", "cec@x.com"), Found("x-1", "contact")),
    "by the company of a contact nobody knows": (None, ("eve@new.com",), Found("domain:new.com", "contact")),
    "by its name, when a contact has free mail": (
        account(name="ACME, Inc."),
        ("eve@gmail.com",),
        Found("acme-1", "name"),
    ),
    "by a name nobody is known of": (account(name="New Ltd"), (), Found("name:new", "name")),
    "by nothing": (None, (), Found()),
}


@pytest.mark.parametrize(("named", "contacts", "expected"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_a_deals_account_is_found(named: object, contacts: tuple[str, ...], expected: Found) -> None:
    assert find(deal("won", "1", 1, account=named, contacts=contacts), KNOWN) == expected


def test_a_person_and_a_deal_that_may_bear_on_each_other_share_a_key() -> None:
    emails = (IdentifierSpan("email", "ann@acme.com"), IdentifierSpan("anonymous_id", "a1"))
    ann = person_keys(Person("p", 1, emails, PersonAccount("acme-1", "explicit", "acme.com", "Acme Inc")))
    for named in (account(id="acme-1"), account(domain="acme.com"), account(name="ACME")):
        assert ann & deal_keys(deal("won", "1", 1, account=named))
    assert ann & deal_keys(deal("won", "1", 1, contacts=("ann@acme.com",)))
    assert not ann & deal_keys(deal("won", "1", 1, account=account(id="other"), contacts=("bob@acme.com",)))
