"""Which strong identifiers are one person now that a batch told more of them: joined, or apart again."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from services.lifecycle import metrics
from services.lifecycle.domain.collect import Facts
from services.lifecycle.domain.identity.links import WEAK, Key
from services.lifecycle.domain.identity.strong import (
    PUBLIC,
    Bounds,
    Kernels,
    Known,
    StrongLink,
    is_anchor,
    shared,
)
from services.lifecycle.store import identifiers, strong_links
from services.lifecycle.store.identifiers import Identifier, Seen
from shared.db import Connection


@dataclass(slots=True)
class Joining:
    """What became of persons.

    `person_of`: whose each identifier looked at is. `concerned`: those of them of which anything changed. `moved`:
    those that left a person. `merged`: person -> heir. `resolves`: ids that identifiers were born as -> the person
    they are now. `alive`: persons that are somebody, also when they were merged before. `left`: who lost some.
    `browsers`: strong identifiers whose browsers count from now on, or no longer.
    """

    person_of: dict[Key, str] = field(default_factory=dict)
    concerned: set[Key] = field(default_factory=set)
    moved: dict[Key, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    resolves: dict[str, str] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    browsers: set[Key] = field(default_factory=set)


class _Looked:
    """What was looked at: identifiers, locked, and their links. Who adds a link holds the locks of both its ends."""

    def __init__(self, connection: Connection, bounds: Bounds) -> None:
        self._connection = connection
        self._bounds = bounds
        self.rows: dict[Key, Identifier] = {}
        self.links: set[StrongLink] = set()

    async def at(self, rows: Mapping[Key, Identifier]) -> None:
        """Look at these, which are locked already."""
        self.rows |= rows
        for level, only_trusted in ((0, False), (PUBLIC, True)):
            if keys := [key for key, row in rows.items() if row.shared == level]:
                self.links |= await strong_links.of(self._connection, keys, only_trusted)

    async def beyond(self, keys: Collection[Key]) -> None:
        """Look at these as well."""
        if keys:
            await self.at(await identifiers.locked(self._connection, keys))

    def kernels(self) -> Kernels:
        """What is known of all of them."""
        known = {key: Known(row.shared, row.attested) for key, row in self.rows.items()}
        return Kernels(known, self.links, self._bounds)

    async def far_enough(self, seeds: Collection[Key]) -> Kernels:
        """Look on until it is certain what became of the seeds."""
        while missing := (kernels := self.kernels()).missing(seeds):
            await self.beyond(missing)
        # What was one person with somebody who is now among too many was not followed to its end, yet is apart too.
        persons = {self.rows[key].person_id for key in kernels.large()}
        if not persons:
            return kernels
        theirs = await identifiers.of_persons(self._connection, [person for person in persons if person])
        rest = {key for key in theirs if key[0] != WEAK} - self.rows.keys()
        if not rest:
            return kernels
        await self.beyond(rest)
        return await self.far_enough(seeds)


async def join_strong(
    connection: Connection, facts: Facts, seen: Mapping[Key, Seen], mint: Callable[[], str], bounds: Bounds
) -> Joining:
    """Store what links the strong identifiers of a batch, and find out who is one person now."""
    pairs = await strong_links.add(connection, facts.pairs) if facts.pairs else []
    linked = {end for pair in pairs for end in pair}
    attested = {k for k, one in seen.items() if one.attested_now and is_anchor(k, Known(attested=one.row.attested))}
    seeds = linked | attested
    if not seeds:
        return Joining()
    looked = _Looked(connection, bounds)
    await looked.at({key: seen[key].row for key in seeds})
    newly_shared = await _note_shared(connection, linked, looked, bounds.most)
    # Strangers whom a shared identifier joined are apart again: each of them is looked at.
    seeds |= {link.beyond(end) for link in looked.links for end in (link.one, link.other) if end in newly_shared}
    await looked.beyond(seeds - looked.rows.keys())
    kernels = await looked.far_enough(seeds)
    joined = kernels.join()
    between = [link for link in looked.links if link.one in looked.rows and link.other in looked.rows]
    if suggestions := {link: link in joined.suggested for link in between if not link.trusted}:
        await strong_links.suggest(connection, suggestions)
    result = _persons(joined.groups, looked.rows, kernels.ends(seeds), mint)
    result.concerned |= seeds
    result.browsers = newly_shared | {key for key in attested if looked.rows[key].shared == PUBLIC}
    if result.moved:
        await identifiers.move(connection, result.moved)
    if result.merged:
        await identifiers.reassign(connection, result.merged)
    return result


async def _note_shared(connection: Connection, linked: Collection[Key], looked: _Looked, most: int) -> set[Key]:
    """Mark the identifiers that too many share now; those of which more is shared than before."""
    partners: dict[Key, list[tuple[Key, bool]]] = {key: [] for key in linked}
    for link in looked.links:
        for end, other in ((link.one, link.other), (link.other, link.one)):
            if end in partners:
                partners[end].append((other, link.trusted))
    levels = {key: shared(each, most) for key, each in partners.items()}
    changed = {key: level for key, level in levels.items() if level > looked.rows[key].shared}
    if changed:
        await identifiers.mark_shared(connection, changed)
        metrics.SHARED.labels("strong").inc(len(changed))
        for key, level in changed.items():
            looked.rows[key] = looked.rows[key]._replace(shared=level)
    return set(changed)


def _persons(
    groups: Iterable[set[Key]], rows: Mapping[Key, Identifier], ends: Collection[Key], mint: Callable[[], str]
) -> Joining:
    """The person of each group. A person who falls apart stays where they were born; of several the least stays."""
    by_person: dict[str, list[Key]] = {}
    for key, row in rows.items():
        by_person.setdefault(row.person_id or "", []).append(key)
    stay: dict[Key, str] = {
        min(keys, key=lambda key: (key not in ends, rows[key].born != person_id, rows[key].first_at, key)): person_id
        for person_id, keys in by_person.items()
        if person_id
    }
    result, taken = Joining(), set(by_person)
    for group in groups:
        staying = [stay[key] for key in group if key in stay]
        if staying:
            person_id = min(staying)
        else:  # taken for another until now: the person they were born as, else a new one
            born = [one for key in group if (one := rows[key].born) and one not in taken]
            person_id = min(born, default=None) or mint()
        taken.add(person_id)
        result.alive.add(person_id)
        result.merged |= {other: person_id for other in staying if other != person_id}
        for key in group:
            row = rows[key]
            result.person_of[key] = person_id
            if row.person_id == person_id:
                continue
            result.concerned.add(key)
            if row.person_id not in staying:
                result.moved[key] = person_id
                result.left.add(row.person_id or person_id)
            if row.born and row.born != person_id:
                result.resolves[row.born] = person_id
    return result
