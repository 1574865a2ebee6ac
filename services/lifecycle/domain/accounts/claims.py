"""Which company a person belongs to: the best claim decides, and its rule is kept.

explicit id > group call > deal contact > domain (named, or the email's) > company name. Among claims of one rule the
one that began last wins: who changes jobs changes accounts. Explicit ids never merge; a domain or a name resolves to
the id, or domain, that an account object first named together with it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from shared.accounts import account_key, company_domain, normalise_name
from shared.events.touchpoint import Account

RANK = {"name": 0, "domain": 1, "deal": 2, "group": 3, "explicit": 4}


class Claim(NamedTuple):
    """Evidence that somebody belongs to the account `key`; `at` and `event_id` are its first appearance."""

    rule: str
    key: str
    at: datetime
    event_id: str


class Named(NamedTuple):
    """An account as a sender named it; empty strings stand for what was left out."""

    account_id: str
    domain: str
    name_key: str


class Object(NamedTuple):
    """An account object with its first appearance and the name as it was written then."""

    named: Named
    at: datetime
    event_id: str
    name: str | None


class Resolved(NamedTuple):
    """The account a key stands for. It is canonical when `key` is `account_id` itself."""

    key: str
    account_id: str
    domain: str | None
    name: str | None


def named(account: Account) -> Named:
    """An account object in comparable form."""
    return Named((account.id or "").strip(), company_domain(account.domain) or "", normalise_name(account.name) or "")


def keys_of(named: Named) -> list[str]:
    """The keys an account object speaks about."""
    account_id, domain, name = named
    keys = [account_id, domain and f"domain:{domain}", name and f"name:{name}"]
    return [key for key in keys if key]


def claimed(account: Account, group_call: bool) -> tuple[str, str] | None:
    """The rule and the account key a touchpoint's account object claims; None when it names nothing."""
    key = account_key(account.id, account.domain, account.name)
    if key is None:
        return None
    if group_call:
        return "group", key
    if key.startswith("domain:") and not account.id:
        return "domain", key
    return ("explicit" if account.id else "name"), key


def best(claims: Iterable[Claim]) -> Claim | None:
    """The claim that decides."""
    return max(claims, key=lambda c: (RANK[c.rule], c.at, c.event_id, c.key), default=None)


class Book:
    """Account objects, indexed to resolve keys. Each lookup takes the object that appeared first."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._first: dict[tuple[str, str], Object] = {}
        for one in objects:
            account_id, domain, name_key = one.named
            domain_key, name = domain and f"domain:{domain}", name_key and f"name:{name_key}"
            for source, fact in (
                (domain_key, account_id and "id"),
                (name, (account_id or domain_key) and "target"),
                (account_id, domain and "domain"),
                (account_id, name and "name"),
                (domain_key, name and "name"),
                (name, "name"),
            ):
                if source and fact:
                    self._note((source, fact), one)

    def _note(self, at: tuple[str, str], one: Object) -> None:
        known = self._first.get(at)
        if known is None or (one.at, one.event_id, one.named) < (known.at, known.event_id, known.named):
            self._first[at] = one

    def step(self, key: str) -> str:
        """What a key stands for, one step on: a name for an id or a domain, a domain for an id, an id for itself."""
        if key.startswith("name:") and (found := self._first.get((key, "target"))):
            return found.named.account_id or f"domain:{found.named.domain}"
        if key.startswith("domain:") and (found := self._first.get((key, "id"))):
            return found.named.account_id
        return key

    def resolve(self, key: str) -> Resolved:
        """The account a key stands for, with what is known of it. All objects on the way must be in the book."""
        account_id = self.step(self.step(key))
        domain_from, name_from = self._first.get((account_id, "domain")), self._first.get((account_id, "name"))
        domain = account_id.removeprefix("domain:") if account_id.startswith("domain:") else None
        return Resolved(
            key,
            account_id,
            domain or (domain_from.named.domain if domain_from else None),
            name_from.name if name_from else None,
        )


def unresolved(keys: Iterable[str]) -> Mapping[str, Resolved]:
    """What keys stand for that no account object has spoken about yet: themselves."""
    return {
        key: Resolved(key, key, key.removeprefix("domain:") if key.startswith("domain:") else None, None)
        for key in keys
    }
