"""Whose deal it is, and by which keys people and deals find each other.

A deal names its account by id, else by domain, else by its contacts, else by name. The companies people belong to say
which account a domain, a contact or a name stands for; as long as none does, the keys of shared/accounts.py stand.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from services.attribution.domain.deals.membership import email_domains, memberships
from shared.accounts import account_key, company_domain, email_domain, normalise_name
from shared.events.deal import Deal
from shared.events.person import Person
from shared.events.touchpoint import Account

_NOBODY = Account()


@dataclass(frozen=True)
class Known:
    """Accounts that people belong to: by the account's domain, by its name, by (deal id, email of a contact).

    A contact's account is the one she belonged to when the deal began, so that her moving on changes no deal.
    """

    by_domain: Mapping[str, Iterable[str]] = field(default_factory=dict)
    by_contact: Mapping[tuple[str, str], Iterable[str]] = field(default_factory=dict)
    by_name: Mapping[str, Iterable[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """The account of a deal and the rule that decided: explicit, domain, contact, name; None and None when none did.

    `domains` are the company domains that stand for the account, the one the deal names included.
    """

    account_id: str | None = None
    rule: str | None = None
    domains: frozenset[str] = frozenset()


def domain_of(deal: Deal) -> str | None:
    """The company domain the deal itself names."""
    return company_domain((deal.account or _NOBODY).domain)


def name_of(deal: Deal) -> str | None:
    """The company name the deal itself gives, normalised."""
    return normalise_name((deal.account or _NOBODY).name)


def asks_contacts(deal: Deal) -> bool:
    """Whether the deal's contacts are asked for its account: it names neither an id nor a domain."""
    return domain_of(deal) is None and account_key(account_id=(deal.account or _NOBODY).id) is None


def find(deal: Deal, known: Known) -> Found:
    """The deal's account as far as it can be known. Does not depend on the order in which anything was learnt."""
    domain = domain_of(deal)
    own = frozenset({domain} if domain else ())
    if explicit := account_key(account_id=(deal.account or _NOBODY).id):
        return Found(explicit, "explicit", own)
    if domain:
        return Found(_preferred(known.by_domain.get(domain, ())) or account_key(domain=domain), "domain", own)
    of_contacts = [_preferred(known.by_contact.get((deal.deal_id, email), ())) for email in deal.contacts]
    by_domains = [account_key(domain=email_domain(email)) for email in deal.contacts]
    if by_contact := _commonest(of_contacts) or _commonest(by_domains):
        return Found(by_contact, "contact")
    if name := name_of(deal):
        return Found(_preferred(known.by_name.get(name, ())) or account_key(name=name), "name")
    return Found()


def with_domains(found: Found, stand_for: Mapping[str, Iterable[str]]) -> Found:
    """The account with the domains that are known (by account id) to stand for it."""
    known = stand_for.get(found.account_id, ()) if found.account_id else ()
    return replace(found, domains=found.domains.union(known))


def deal_keys(deal: Deal) -> set[str]:
    """What a deal depends on by itself; what is found for it adds `found_keys`."""
    named = (deal.account or _NOBODY).id, domain_of(deal), name_of(deal)
    own = {key for key in map(account_keyed, _possible(*named)) if key}
    return own | {f"email:{email}" for email in deal.contacts}


def found_keys(found: Found) -> set[str]:
    """What a deal depends on because this account, with these domains, was found for it."""
    accounts = {found.account_id} if found.account_id else set()
    return {account_keyed(account) for account in accounts | {domain_keyed(domain) for domain in found.domains}}


def person_keys(person: Person) -> set[str]:
    """What deals may know this person by: emails, their domains, and every company they ever belonged to."""
    keys = {f"email:{span.value}" for span in person.identifiers if span.kind == "email"}
    keys |= {account_keyed(domain_keyed(domain)) for domain in email_domains(person)}
    for one in memberships(person):
        named = company_domain(one.domain), normalise_name(one.name)
        keys |= {account_keyed(one.account_id), *map(account_keyed, _possible(None, *named))}
    return keys


def account_keyed(account_id: str) -> str:
    """The key of an account."""
    return f"account:{account_id}"


def domain_keyed(domain: str) -> str:
    """The account id that stands for a company of which only the domain is known."""
    return f"domain:{domain}"


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
