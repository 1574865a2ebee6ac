"""Which company a person belongs to, and from when.

Each claim counts from its own time, the first one also for all before. Of those that count at a moment the best
decides: what came with a secret key before what came with a public one; then explicit id > group call > deal contact >
domain (named, or the email's) > company name; then the one that began last, since who changes jobs changes accounts.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from shared.accounts import account_key, company_domain, normalise_name
from shared.events.person import Membership
from shared.events.touchpoint import Account

RANK = {"name": 0, "domain": 1, "deal": 2, "group": 3, "explicit": 4}

MOST_MEMBERSHIPS = 50
"""Memberships told of one person, the newest: of these the first stands for all before."""


class Claim(NamedTuple):
    """Evidence that somebody belongs to the account `key`; `at` and `event_id` are its first appearance."""

    rule: str
    key: str
    at: datetime
    event_id: str
    trusted: bool = False


class Spell(NamedTuple):
    """From `since` on (None: always) this claim decides, until the next spell begins."""

    since: datetime | None
    claim: Claim


class Named(NamedTuple):
    """An account as a sender named it; empty strings stand for what was left out."""

    account_id: str
    domain: str
    name_key: str


class Resolved(NamedTuple):
    """The account a key stands for, and the event that joined them. It is canonical when `key` is `account_id`."""

    key: str
    account_id: str
    domain: str | None
    name: str | None
    joined_by: str | None = None


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


def spells(claims: Iterable[Claim]) -> list[Spell]:
    """Which claim decides from when on."""
    found: list[Spell] = []
    best: tuple[bool, int, datetime, str, str] | None = None
    for claim in sorted(claims, key=lambda c: (c.at, c.event_id, c.key, c.rule, c.trusted)):
        merit = (claim.trusted, RANK[claim.rule], claim.at, claim.event_id, claim.key)
        if best is not None and merit <= best:
            continue
        best = merit
        if found and (found[-1].since or found[-1].claim.at) == claim.at:
            found.pop()
        found.append(Spell(claim.at if found else None, claim))
    return found


def memberships(of: Iterable[Spell], resolved: Mapping[str, Resolved]) -> tuple[Membership, ...]:
    """The companies of a person in time: neighbouring spells at one account are one, by the rule of the last."""
    found: list[Membership] = []
    for begins, claim in of:
        account = resolved[claim.key]
        same = bool(found) and found[-1].account_id == account.account_id
        since = found.pop().since if same else begins
        found.append(Membership(account.account_id, claim.rule, account.domain, account.name, since))
    found = found[-MOST_MEMBERSHIPS:]
    ends = [after.since for after in found[1:]]
    return tuple(
        msgspec.structs.replace(one, since=one.since if n else None, until=ends[n] if n < len(ends) else None)
        for n, one in enumerate(found)
    )


def member_at(of: Iterable[Membership], at: datetime) -> str | None:
    """The account a person belonged to at a moment."""
    return next((one.account_id for one in of if one.until is None or at < one.until), None)


def unresolved(keys: Iterable[str]) -> Mapping[str, Resolved]:
    """What keys stand for that no account object has spoken about yet: themselves."""
    return {
        key: Resolved(key, key, key.removeprefix("domain:") if key.startswith("domain:") else None, None)
        for key in keys
    }
