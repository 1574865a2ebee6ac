"""Whose deal it is, and by which keys people and deals find each other.

A deal names its account by id, else by domain, else by its contacts, else by name. What is known of people says which
account a domain, a contact or a name belongs to; as long as nothing is, the keys of shared/accounts.py stand.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.accounts import account_key, company_domain, email_domain, normalise_name
from shared.events.deal import Deal
from shared.events.person import Person
from shared.events.touchpoint import Account

_NOBODY = Account()


@dataclass(frozen=True)
class Known:
    """Accounts of the people known now: by the account's domain, by a person's email, by the account's name."""

    by_domain: Mapping[str, Iterable[str]] = field(default_factory=dict)
    by_email: Mapping[str, Iterable[str]] = field(default_factory=dict)
    by_name: Mapping[str, Iterable[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """The account of a deal and the rule that decided: explicit, domain, contact, name; None and None when none did."""

    account_id: str | None = None
    rule: str | None = None


def domain_of(deal: Deal) -> str | None:
    """The company domain the deal itself names."""
    return company_domain((deal.account or _NOBODY).domain)


def name_of(deal: Deal) -> str | None:
    """The company name the deal itself gives, normalised."""
    return normalise_name((deal.account or _NOBODY).name)


def find(deal: Deal, known: Known) -> Found:
    """The deal's account as far as it can be known. Does not depend on the order in which anything was learnt."""
    if explicit := account_key(account_id=(deal.account or _NOBODY).id):
        return Found(explicit, "explicit")
    if domain := domain_of(deal):
        return Found(_preferred(known.by_domain.get(domain, ())) or account_key(domain=domain), "domain")
    of_contacts = [_preferred(known.by_email.get(email, ())) for email in deal.contacts]
    by_domains = [account_key(domain=email_domain(email)) for email in deal.contacts]
    if by_contact := _commonest(of_contacts) or _commonest(by_domains):
        return Found(by_contact, "contact")
    if name := name_of(deal):
        return Found(_preferred(known.by_name.get(name, ())) or account_key(name=name), "name")
    return Found()


def deal_keys(deal: Deal) -> set[str]:
    """What a deal depends on by itself; the account found for it adds `account:<id>`."""
    named = (deal.account or _NOBODY).id, domain_of(deal), name_of(deal)
    own = {key for key in map(account_keyed, _possible(*named)) if key}
    return own | {f"email:{email}" for email in deal.contacts}


def person_keys(person: Person) -> set[str]:
    """What deals may know this person by."""
    emails = {f"email:{span.value}" for span in person.identifiers if span.kind == "email"}
    if (account := person.account) is None:
        return emails
    named = company_domain(account.domain), normalise_name(account.name)
    return emails | {account_keyed(account.account_id), *map(account_keyed, _possible(None, *named))}


def account_keyed(account_id: str) -> str:
    """The key of an account."""
    return f"account:{account_id}"


def _possible(account_id: str | None, domain: str | None, name: str | None) -> list[str]:
    """Every account key of a company: by its id, by its domain and by its name."""
    keys = account_key(account_id=account_id), account_key(domain=domain), account_key(name=name)
    return [key for key in keys if key]


def _preferred(accounts: Iterable[str]) -> str | None:
    """One of several accounts: one that has an id of its own rather than a derived key, then the first by name."""
    return min(accounts, key=lambda a: (a.startswith(("domain:", "name:")), a), default=None)


def _commonest(accounts: Iterable[str | None]) -> str | None:
    counts = Counter(account for account in accounts if account)
    return min(counts, key=lambda account: (-counts[account], account), default=None)
