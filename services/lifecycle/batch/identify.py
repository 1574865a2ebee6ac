"""Step 2: who is who. Identifiers and links are stored and locked; persons are born, joined, parted."""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.lifecycle.batch.browsers import Timelines, follow_browsers, lone_again
from services.lifecycle.batch.joining import Joining, join_strong
from services.lifecycle.domain.collect import Facts
from services.lifecycle.domain.identity.groups import Groups
from services.lifecycle.domain.identity.links import WEAK, Key, Runs, owner_at
from services.lifecycle.domain.identity.strong import Bounds
from services.lifecycle.store import identifiers, weak_links
from services.lifecycle.store.identifiers import Seen
from shared.db import Connection

NOBODY = "00000000-0000-0000-0000-000000000000"
"""Stands in for the id of a new person where there cannot be one."""


@dataclass(slots=True)
class Identified:
    """Who is who after a batch.

    `seen`: its identifiers. `person_of`: whose each strong, and each never linked weak, identifier is. `runs`: who
    owned each weak one when; `kiosks` are nobody's. `visitors`: persons seen for the first time under a weak identifier
    alone, with it and the first sight; most new persons are such. `changed`: all others of whom anything is new.
    `merged`: person -> heir; `resolves`: a person merged before -> whom that id means now; `alive`: persons that are
    somebody, also when they were merged before.
    """

    seen: Mapping[Key, Seen]
    person_of: dict[Key, str]
    runs: Mapping[str, Runs]
    kiosks: Container[str]
    visitors: dict[str, tuple[str, datetime, str]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)
    resolves: dict[str, str] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)

    def owner(self, key: Key, at: datetime) -> Key | None:
        """The identifier whose person did what `key` did at a moment; None when it was at a kiosk."""
        if key[0] != WEAK:
            return key
        return None if key[1] in self.kiosks else owner_at(self.runs.get(key[1], ()), at) or key

    def owners(self, key: Key) -> set[Key]:
        """The identifiers whose persons were ever the ones behind `key`."""
        if key[0] != WEAK:
            return {key}
        runs = self.runs.get(key[1], ())
        return {run.strong for run in runs} if runs else set() if key[1] in self.kiosks else {key}


async def identify(
    connection: Connection, facts: Facts, stored: Container[Key], mint: Callable[[], str], bounds: Bounds
) -> Identified:
    """Store sights and links; the persons they make, join, part and change. `stored`: what certainly is already."""
    sights = sorted(facts.sights.items(), key=lambda item: item[0])
    seen = await identifiers.upsert(
        connection, [(key, sight, NOBODY if key in stored else mint()) for key, sight in sights]
    )
    joining = await join_strong(connection, facts, seen, mint, bounds)
    timelines = await follow_browsers(connection, facts, seen, joining, bounds)
    along = await _moved_along(connection, joining, timelines) if joining.moved else {}
    person_of = {key: one.row.person_id or NOBODY for key, one in seen.items() if _is_one(key, timelines)}
    person_of |= {key: joining.merged.get(person_id, person_id) for key, person_id in person_of.items()}
    person_of |= joining.person_of
    identified = Identified(
        seen, person_of, timelines.runs, timelines.kiosks, merged=dict(joining.merged), resolves=joining.resolves,
        alive=joining.alive,
    )  # fmt: skip
    await find_persons(connection, identified, _wanted(facts, identified, timelines))
    await _take_in_visitors(connection, identified, timelines)
    await _save_browsers(connection, identified, timelines, along, mint)
    _note_changes(facts, identified, joining, timelines)
    return identified


async def find_persons(connection: Connection, identified: Identified, keys: Iterable[Key]) -> None:
    """Look up whose these identifiers are, unless that is known; nobody moves them before the transaction ends."""
    missing = [key for key in keys if key not in identified.person_of]
    if missing:
        for key, row in (await identifiers.of_keys(connection, missing)).items():
            if row.person_id is not None:
                identified.person_of[key] = identified.merged.get(row.person_id, row.person_id)


def _is_one(key: Key, timelines: Timelines) -> bool:
    """Whether an identifier is a person's by itself: a strong one, or a weak one without any owner."""
    return key[0] != WEAK or not (timelines.runs.get(key[1]) or key[1] in timelines.kiosks)


async def _moved_along(connection: Connection, joining: Joining, timelines: Timelines) -> dict[str, str]:
    """The browsers that go along with a strong identifier to another person; what they were born as means that now."""
    values = {(WEAK, value) for value in await weak_links.browsers_of(connection, joining.moved)}
    others = await identifiers.locked(connection, [key for key in values if key[1] not in timelines.rows])
    rows = timelines.rows | {value: row for (_, value), row in others.items()}
    along: dict[str, str] = {}
    for _, value in values:
        row = rows[value]
        runs = timelines.runs.get(value, row.runs)
        if runs and runs[-1].strong in joining.moved and value not in timelines.before:
            along[value] = joining.moved[runs[-1].strong]
        if runs and runs[0].strong in joining.moved and row.born and row.born not in joining.alive:
            joining.resolves[row.born] = joining.moved[runs[0].strong]
    return along


def _wanted(facts: Facts, identified: Identified, timelines: Timelines) -> set[Key]:
    """The identifiers whose persons the batch concerns though it does not name them."""
    wanted = {run.strong for value, before in timelines.before.items() for run in (*before, *timelines.runs[value])}
    wanted |= timelines.told
    for value, runs in timelines.runs.items():
        if runs and (one := identified.seen.get((WEAK, value))):
            sight = facts.sights[WEAK, value]
            if (one.row.first_at, one.row.first_id) == (sight.first_at, sight.first_id):
                wanted.add(runs[0].strong)
    for _, subject, signal in facts.acts.values():
        if subject[0] == WEAK and (owner := identified.owner(subject, signal.at)):
            wanted.add(owner)
    return wanted.union(*(identified.owners(claim[0]) for claim in facts.claims if claim[0][0] == WEAK))


async def _take_in_visitors(connection: Connection, identified: Identified, timelines: Timelines) -> None:
    """A lone visitor who turns out to be somebody is one with them; of several persons the one first minted stays."""
    together = Groups[str]()
    met: set[str] = set()
    for value, before in timelines.before.items():
        one, runs = identified.seen.get((WEAK, value)), timelines.runs[value]
        lone = timelines.rows[value].person_id
        if not before and runs and lone is not None and not (one and one.new):
            somebody = identified.person_of[runs[0].strong]
            together.join(somebody, lone)
            met |= {somebody, lone}
    merged = {person: min(group) for group in together.of(met) for person in group if person != min(group)}
    if merged:
        await identifiers.reassign(connection, merged)
        identified.person_of = {key: merged.get(person, person) for key, person in identified.person_of.items()}
        identified.merged = {key: merged.get(person, person) for key, person in identified.merged.items()} | merged
        identified.resolves = {key: merged.get(person, person) for key, person in identified.resolves.items()}
        identified.alive -= merged.keys()
        identified.alive |= set(merged.values())


async def _save_browsers(
    connection: Connection,
    identified: Identified,
    timelines: Timelines,
    along: Mapping[str, str],
    mint: Callable[[], str],
) -> None:
    alone = lone_again(timelines, mint)
    for value, person_id in alone.items():
        identified.person_of[WEAK, value] = person_id
        identified.changed.add(person_id)
        if (born := timelines.rows[value].born) and born not in identified.alive:
            identified.resolves[born] = person_id
    if timelines.before:
        now = {}
        for value in timelines.before:
            runs = timelines.runs[value]
            owner = identified.person_of[runs[-1].strong] if runs else alone.get(value)
            now[value] = (runs, value in timelines.kiosks, owner)
        await identifiers.save_runs(connection, now)
    if along:
        moved = {(WEAK, value): identified.merged.get(person, person) for value, person in along.items()}
        await identifiers.move(connection, moved)


def _note_changes(facts: Facts, identified: Identified, joining: Joining, timelines: Timelines) -> None:
    """The persons whose identifiers, first sight or spans are not what they were; and the new visitors."""
    persons, changed, merged = identified.person_of, identified.changed, identified.merged
    changed |= {persons[key] for key in joining.concerned | timelines.told}
    changed |= {merged.get(person_id, person_id) for person_id in joining.left}
    changed |= set(merged.values())
    for key, sight in facts.sights.items():
        row, new, attested = identified.seen[key]
        if key[0] == WEAK and new and key in persons:
            identified.visitors[persons[key]] = (key[1], row.first_at, row.first_id)
        elif row.first_id == sight.first_id and row.first_at == sight.first_at:
            changed |= {persons[owner] for owner in _first_owner(identified, key)}
        elif attested < row.attested:
            changed.add(persons[key])
    for value, before in timelines.before.items():
        changed |= {persons[run.strong] for run in (*before, *timelines.runs[value])}
        alone, one = timelines.rows[value].person_id, identified.seen.get((WEAK, value))
        if value in timelines.kiosks and not before and alone and not (one and one.new):
            changed.add(merged.get(alone, alone))


def _first_owner(identified: Identified, key: Key) -> list[Key]:
    """The identifier whose person was seen when `key` was first seen; none at a kiosk."""
    if key[0] != WEAK:
        return [key]
    runs = identified.runs.get(key[1], ())
    return [runs[0].strong] if runs else [] if key[1] in identified.kiosks else [key]
