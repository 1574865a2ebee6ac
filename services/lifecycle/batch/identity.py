"""Step 1: store who was seen and what links them; find the persons that are new, merged or changed hands."""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.lifecycle.domain.collect import Facts
from services.lifecycle.domain.identity.links import WEAK, Groups, Key, Runs, changes_nothing, runs_of
from services.lifecycle.domain.identity.person import owner_key
from services.lifecycle.store import identifiers
from services.lifecycle.store.identifiers import Identifier
from shared.db import Connection

NOBODY = "00000000-0000-0000-0000-000000000000"
"""Stands in for the id of a new person where there cannot be one."""


@dataclass(slots=True)
class Identity:
    """What a batch changed about who is who.

    `persons`: whose each strong, and each never linked weak, key is. `visitors`: the persons seen for the first time
    under a weak identifier alone, with it and the first sight; most new persons are such. `changed`: all others.
    """

    rows: dict[Key, Identifier]
    persons: dict[Key, str]
    runs: dict[str, Runs]
    visitors: dict[str, tuple[str, datetime, str]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def subject(self, key: Key, at: object) -> Key:
        """The key whose person did what `key` did at a moment."""
        runs = self.runs.get(key[1]) if key[0] == WEAK else None
        return owner_key(runs, key[1], at) if runs else key  # type: ignore[arg-type]  # at is a datetime

    def owners(self, key: Key) -> set[Key]:
        """The keys whose persons were ever the ones behind `key`."""
        runs = self.runs.get(key[1]) if key[0] == WEAK else None
        return {run.strong for run in runs} if runs else {key}


async def identify(connection: Connection, facts: Facts, stored: Container[Key], mint: Callable[[], str]) -> Identity:
    """Store sights and links; the persons they make, merge and change. `stored`: identifiers certainly stored."""
    newest = {value: max(links).strong for value, links in facts.links.items()}
    candidates = _candidates(facts, newest, stored, mint)
    rows = await identifiers.upsert(
        connection, [(key, sight, candidates[key]) for key, sight in sorted(facts.sights.items(), key=_by_key)]
    )
    if facts.pairs:
        await identifiers.add_strong_links(connection, facts.pairs)
    runs, moved = await _runs(connection, facts, rows)
    identity = Identity(rows, {}, runs)
    _unite(facts, identity, candidates, moved)
    await _find_owners(connection, facts, identity, moved)
    _note_changes(facts, identity, moved)
    if identity.merged:
        await identifiers.reassign(connection, identity.merged)
    if moved:
        now = {value: (runs[value], identity.persons[runs[value][-1].strong]) for value in moved}
        await identifiers.save_runs(connection, now)
    return identity


def _by_key(item: tuple[Key, object]) -> Key:
    return item[0]


def _candidates(
    facts: Facts, newest: Mapping[str, Key], stored: Container[Key], mint: Callable[[], str]
) -> dict[Key, str]:
    """An id for each identifier in case it is new: one for all that belong together as far as the batch knows."""
    groups = Groups()
    for one, other in facts.pairs:
        groups.join(one, other)
    ids: dict[object, str] = {}
    candidates: dict[Key, str] = {}
    for key in facts.sights:
        weak = key[0] == WEAK
        if key in stored:
            candidates[key] = NOBODY
        elif weak and key[1] not in newest:
            candidates[key] = mint()
        else:
            root = groups.find(newest[key[1]] if weak else key)
            candidates[key] = ids.get(root) or ids.setdefault(root, mint())
    return candidates


async def _runs(
    connection: Connection, facts: Facts, rows: Mapping[Key, Identifier]
) -> tuple[dict[str, Runs], dict[str, Runs]]:
    """The runs of every weak identifier in the batch; and, for those whose runs changed, what they were before."""
    runs = {key[1]: row.runs for key, row in rows.items() if key[0] == WEAK and row.runs}
    if not facts.links:
        return runs, {}
    await identifiers.add_weak_links(connection, facts.links)
    before: dict[str, Runs] = {}
    to_read = []
    for value, links in facts.links.items():
        known = rows[WEAK, value].runs
        if not known:
            before[value], runs[value] = (), runs_of(links)
        elif not all(changes_nothing(known, link) for link in links):
            to_read.append(value)
    if to_read:
        for value, timeline in (await identifiers.timelines(connection, to_read)).items():
            derived = runs_of(timeline)
            if derived != runs[value]:
                before[value], runs[value] = runs[value], derived
    return runs, before


def _unite(facts: Facts, identity: Identity, candidates: Mapping[Key, str], moved: Mapping[str, Runs]) -> None:
    """Join what belongs together; of several persons the one first minted stays."""
    groups = Groups()
    for one, other in facts.pairs:
        groups.join(one, other)
    strong: list[Key] = []
    joined: set[str] = set()
    for key, row in identity.rows.items():
        if key[0] != WEAK:
            strong.append(key)
            groups.join(key, row.person_id)
            joined.add(row.person_id)
        elif not row.runs and key[1] not in moved:
            identity.persons[key] = row.person_id
            if row.person_id == candidates[key]:
                identity.visitors[row.person_id] = (key[1], row.first_at, row.first_id)
    for value in moved:
        row = identity.rows[WEAK, value]
        if not row.runs and row.person_id != candidates[WEAK, value]:  # the lone visitor turns out to be somebody
            groups.join(identity.runs[value][0].strong, row.person_id)
            joined.add(row.person_id)
    survivor = _survivors(groups, joined, {candidates[key] for key in strong})
    identity.merged |= {person_id: heir for person_id, heir in survivor.items() if person_id != heir}
    identity.persons |= {key: survivor[identity.rows[key].person_id] for key in strong}


def _survivors(groups: Groups, joined: Iterable[str], fresh: Container[str]) -> dict[str, str]:
    """For each person the one who stays: the one first minted of those that are stored, if any is."""
    together: dict[object, list[str]] = {}
    for person_id in joined:
        together.setdefault(groups.find(person_id), []).append(person_id)
    return {p: min([p for p in each if p not in fresh] or each) for each in together.values() for p in each}


async def _find_owners(connection: Connection, facts: Facts, identity: Identity, moved: Mapping[str, Runs]) -> None:
    """Look up the persons of strong identifiers that own a weak one of the batch but are not in the batch."""
    wanted = {run.strong for value in moved for run in (*moved[value], *identity.runs[value])}
    for value, runs in identity.runs.items():
        first = identity.rows.get((WEAK, value))
        sight = facts.sights.get((WEAK, value))
        if first and sight and (first.first_at, first.first_id) == (sight.first_at, sight.first_id):
            wanted.add(runs[0].strong)
    wanted |= {identity.subject(subject, signal.at) for _, subject, signal in facts.acts.values() if subject[0] == WEAK}
    wanted |= {key for subject, _, _ in facts.claims if subject[0] == WEAK for key in identity.owners(subject)}
    missing = [key for key in wanted if key not in identity.persons]
    if missing:
        for key, row in (await identifiers.of_keys(connection, missing)).items():
            identity.persons[key] = identity.merged.get(row.person_id, row.person_id)


def _note_changes(facts: Facts, identity: Identity, moved: Mapping[str, Runs]) -> None:
    """The persons whose identifiers, first sight or spans are not what they were."""
    persons, changed = identity.persons, identity.changed
    changed.update(identity.merged.values())
    for key, sight in facts.sights.items():
        row = identity.rows[key]
        if row.first_id == sight.first_id and row.first_at == sight.first_at:
            runs = identity.runs.get(key[1]) if key[0] == WEAK else None
            person_id = persons[runs[0].strong if runs else key]
            if person_id not in identity.visitors:
                changed.add(person_id)
    for value, before in moved.items():
        changed |= _owners(identity, (*before, *identity.runs[value]))


def _owners(identity: Identity, runs: Iterable[object]) -> set[str]:
    return {identity.persons[run.strong] for run in runs}  # type: ignore[attr-defined]  # runs hold Run
