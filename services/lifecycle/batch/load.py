"""Everything stored about some persons, in a handful of statements, put together by the domain."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from services.lifecycle.domain.accounts.claims import Claim, Resolved, member_at, memberships
from services.lifecycle.domain.identity.links import WEAK, Key, Runs
from services.lifecycle.domain.identity.person import First, Portrait, portrait
from services.lifecycle.domain.identity.strong import SECRET
from services.lifecycle.domain.stages.state import Signal
from services.lifecycle.store import accounts, identifiers, signals, strong_links
from services.lifecycle.store.persons import Row
from shared.db import Connection
from shared.events.person import Membership

T = TypeVar("T")


class Dossier(NamedTuple):
    """What the fold of one person needs. `signals` may hold some that a weak identifier did for somebody else."""

    who: Portrait
    companies: Sequence[Membership]
    signals: list[tuple[Key, Signal]]
    of_account: list[Signal]


async def load(connection: Connection, person_ids: Iterable[str], stored: Mapping[str, Row]) -> dict[str, Dossier]:
    """The dossiers of persons. `stored` says which account keys they hold already."""
    held = await _identifiers(connection, person_ids)
    own = {p: [*mine.strong, *((WEAK, value) for value in mine.weak)] for p, mine in held.items()}
    ordered = sorted({key for keys in own.values() for key in keys})
    claims = _by_subject(await accounts.claims_of(connection, ordered))
    acts = _by_subject(await signals.of_subjects(connection, ordered))
    portraits: dict[str, Portrait] = {}
    for person_id, (strong, weak, shared, trusted) in held.items():
        said: list[tuple[Key, Claim]] = [(key, claim) for key in own[person_id] for claim in claims.get(key, ())]
        portraits[person_id] = portrait(strong, weak, said, shared, trusted)
    of_key = await _accounts(connection, portraits, stored)
    companies = {person_id: memberships(who.spells, of_key) for person_id, who in portraits.items()}
    of_account: dict[str, list[Signal]] = {}
    if ids := sorted({one.account_id for each in companies.values() for one in each}):
        for account_id, signal in await signals.of_accounts(connection, ids):
            of_account.setdefault(account_id, []).append(signal)
    dossiers = {}
    for person_id, who in portraits.items():
        done: list[tuple[Key, Signal]] = [(key, act) for key in own[person_id] for act in acts.get(key, ())]
        mine = companies[person_id]
        theirs = [  # what happened at a company while the person belonged to it
            signal
            for account_id in {one.account_id for one in mine}
            for signal in of_account.get(account_id, ())
            if member_at(mine, signal.at) == account_id
        ]
        dossiers[person_id] = Dossier(who, mine, done, theirs)
    return dossiers


class Held(NamedTuple):
    """A person's identifiers: the strong ones, the weak ones ever theirs, and the shared ones they used."""

    strong: dict[Key, First]
    weak: dict[str, tuple[First, Runs]]
    shared: set[Key]
    trusted: set[Key]


async def _identifiers(connection: Connection, person_ids: Iterable[str]) -> dict[str, Held]:
    held: dict[str, Held] = {}
    person_of: dict[Key, str] = {}
    apart: list[Key] = []
    browsers: list[Key] = []
    for key, row in (await identifiers.of_persons(connection, person_ids)).items():
        person_id, first = row.person_id or "", (row.first_at, row.first_id)
        mine = held.setdefault(person_id, Held({}, {}, set(), set()))
        if key[0] == WEAK:
            if not row.runs:
                mine.weak[key[1]] = (first, ())
            continue
        mine.strong[key] = first
        person_of[key] = person_id
        if row.attested >= SECRET:
            mine.trusted.add(key)
        if row.shared:
            mine.shared.add(key)
        else:
            apart.append(key)
        if row.browsers_count:
            browsers.append(key)
    for key, partner in await strong_links.shared_partners(connection, apart) if apart else ():
        held[person_of[key]].shared.add(partner)
    await _add_browsers(connection, browsers, held, person_of)
    return {person_id: mine for person_id, mine in held.items() if mine.strong or mine.weak}


async def _add_browsers(
    connection: Connection, strong: Sequence[Key], held: Mapping[str, Held], person_of: Mapping[Key, str]
) -> None:
    for owner, value, row in await identifiers.ever_owned(connection, strong) if strong else ():
        if row.runs:
            held[person_of[owner]].weak[value] = ((row.first_at, row.first_id), row.runs)
        elif row.shared:
            held[person_of[owner]].shared.add((WEAK, value))


async def _accounts(
    connection: Connection, portraits: Mapping[str, Portrait], stored: Mapping[str, Row]
) -> dict[str, Resolved]:
    claimed = {person_id: {spell.claim.key for spell in who.spells} for person_id, who in portraits.items()}
    every = set().union(*claimed.values())
    new = {k for person_id, keys in claimed.items() for k in keys - _held(stored.get(person_id))}
    found = await accounts.resolved(connection, every - new) if every - new else {}
    return found | (await accounts.held(connection, new) if new else {})


def _held(row: Row | None) -> set[str]:
    return set(row.account_keys or ()) if row else set()


def _by_subject(rows: Iterable[tuple[Key, T]]) -> dict[Key, list[T]]:
    found: dict[Key, list[T]] = {}
    for subject, value in rows:
        found.setdefault(subject, []).append(value)
    return found
