"""Everything stored about some persons, in a handful of statements, put together by the domain."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from services.lifecycle.domain.accounts.claims import Claim, Resolved
from services.lifecycle.domain.identity.links import WEAK, Key, Runs
from services.lifecycle.domain.identity.person import First, Portrait, portrait
from services.lifecycle.domain.stages.fold import Signal
from services.lifecycle.store import accounts, identifiers, signals
from services.lifecycle.store.persons import Row
from shared.db import Connection

T = TypeVar("T")


class Dossier(NamedTuple):
    """What the fold of one person needs. `signals` may hold some that a weak identifier did for somebody else."""

    who: Portrait
    account: Resolved | None
    signals: list[tuple[Key, Signal]]
    of_account: list[Signal]


async def load(connection: Connection, person_ids: Iterable[str], stored: Mapping[str, Row]) -> dict[str, Dossier]:
    """The dossiers of persons. `stored` says which account keys they hold already."""
    strong, weak = await _identifiers(connection, person_ids)
    subjects = {key for keys in strong.values() for key in keys}
    subjects |= {(WEAK, value) for values in weak.values() for value in values}
    ordered = sorted(subjects)
    claims = _by_subject(await accounts.claims_of(connection, ordered))
    acts = _by_subject(await signals.of_subjects(connection, ordered))
    portraits: dict[str, Portrait] = {}
    for person_id in strong:
        own = [*strong[person_id], *((WEAK, value) for value in weak[person_id])]
        said: list[tuple[Key, Claim]] = [(key, claim) for key in own for claim in claims.get(key, ())]
        portraits[person_id] = portrait(strong[person_id], weak[person_id], said)
    of_key = await _accounts(connection, portraits, stored)
    of_account: dict[str, list[Signal]] = {}
    if ids := sorted({account.account_id for account in of_key.values()}):
        for account_id, signal in await signals.of_accounts(connection, ids):
            of_account.setdefault(account_id, []).append(signal)
    dossiers = {}
    for person_id, who in portraits.items():
        account = of_key[who.claim.key] if who.claim else None
        own = [*strong[person_id], *((WEAK, value) for value in who.spans)]
        done: list[tuple[Key, Signal]] = [(key, act) for key in own for act in acts.get(key, ())]
        dossiers[person_id] = Dossier(who, account, done, of_account.get(account.account_id, []) if account else [])
    return dossiers


async def _identifiers(
    connection: Connection, person_ids: Iterable[str]
) -> tuple[dict[str, dict[Key, First]], dict[str, dict[str, tuple[First, Runs]]]]:
    """Per person: the strong identifiers, and the weak ones that are or ever were theirs."""
    strong: dict[str, dict[Key, First]] = {}
    weak: dict[str, dict[str, tuple[First, Runs]]] = {}
    person_of: dict[Key, str] = {}
    for key, row in (await identifiers.of_persons(connection, person_ids)).items():
        first = (row.first_at, row.first_id)
        own, lone = strong.setdefault(row.person_id, {}), weak.setdefault(row.person_id, {})
        if key[0] != WEAK:
            own[key] = first
            person_of[key] = row.person_id
        elif not row.runs:
            lone[key[1]] = (first, ())
    if person_of:
        for owner, value, row in await identifiers.ever_owned(connection, person_of):
            weak[person_of[owner]][value] = ((row.first_at, row.first_id), row.runs)
    return {p: own for p, own in strong.items() if own or weak[p]}, weak


async def _accounts(
    connection: Connection, portraits: Mapping[str, Portrait], stored: Mapping[str, Row]
) -> dict[str, Resolved]:
    claimed = {person_id: who.claim.key for person_id, who in portraits.items() if who.claim}
    if not claimed:
        return {}
    new = {key for person_id, key in claimed.items() if person_id not in stored or stored[person_id].account_key != key}
    found = await accounts.resolved(connection, set(claimed.values()) - new) if len(new) < len(claimed) else {}
    return found | (await accounts.held(connection, new) if new else {})


def _by_subject(rows: Iterable[tuple[Key, T]]) -> dict[Key, list[T]]:
    found: dict[Key, list[T]] = {}
    for subject, value in rows:
        found.setdefault(subject, []).append(value)
    return found
