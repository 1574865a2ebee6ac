"""Whose each browser is, and was, now that a batch told more of it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from services.lifecycle import metrics
from services.lifecycle.batch.joining import Joining
from services.lifecycle.domain.collect import Facts, WeakLink
from services.lifecycle.domain.identity.links import WEAK, Key, Link, Runs, changes_nothing, hands, runs_of
from services.lifecycle.domain.identity.strong import Bounds
from services.lifecycle.store import identifiers, weak_links
from services.lifecycle.store.identifiers import Identifier, Seen
from shared.db import Connection


@dataclass(slots=True)
class Timelines:
    """What became of browsers.

    `rows`: those looked at, as they were. `runs`: who owned each when. `kiosks`: those that are everybody's.
    `before`: the runs that those had whose runs changed, or that became a kiosk. `told`: strong identifiers of which
    it is news that they were seen at a kiosk, or that their browsers say nothing.
    """

    rows: dict[str, Identifier] = field(default_factory=dict)
    runs: dict[str, Runs] = field(default_factory=dict)
    kiosks: set[str] = field(default_factory=set)
    before: dict[str, Runs] = field(default_factory=dict)
    told: set[Key] = field(default_factory=set)


async def follow_browsers(
    connection: Connection, facts: Facts, seen: Mapping[Key, Seen], joining: Joining, bounds: Bounds
) -> Timelines:
    """Store what links the browsers of a batch, and find out whose each was when."""
    result = Timelines()
    for (kind, value), one in seen.items():
        if kind == WEAK:
            result.rows[value] = one.row
            if one.row.runs:
                result.runs[value] = one.row.runs
            elif one.row.shared:
                result.kiosks.add(value)
    links = {value: each for value, each in facts.links.items() if value not in result.kiosks}
    fresh: set[str] = set()
    again: set[str] = set()
    if links:
        again = await weak_links.add(connection, links)
        fresh = {value for value in links if seen[WEAK, value].new}
        again |= {value for value in links.keys() - fresh - again if not _known(result.rows[value], links[value])}
    more = await _note_owners(connection, facts, fresh | again | result.kiosks)
    result.told = {strong for strong, value in more if value in result.kiosks}
    crowded = await _crowded(connection, {strong for strong, _ in more}, bounds.most_browsers)
    result.told |= crowded
    affected = joining.browsers | crowded
    if affected:
        others = set(await weak_links.browsers_of(connection, affected))
        again |= others - result.kiosks
        if missing := {(WEAK, value) for value in others} - seen.keys():
            for (_, value), row in (await identifiers.locked(connection, missing)).items():
                result.rows[value] = row
                result.runs[value] = row.runs
                if row.shared:
                    again.discard(value)
    timelines = {
        value: [(link, seen[link.strong].row.browsers_count) for _, link in links[value].values()]
        for value in fresh - again
    }
    if again:
        timelines |= await weak_links.timelines(connection, again)
    for value, timeline in timelines.items():
        _derive(value, timeline, bounds.most_hands, result)
    return result


def _known(row: Identifier, links: Mapping[str, WeakLink]) -> bool:
    return bool(row.runs) and all(changes_nothing(row.runs, link) for _, link in links.values())


async def _note_owners(connection: Connection, facts: Facts, values: Iterable[str]) -> list[tuple[Key, str]]:
    """Note who was linked to which browser; the pairs that were not known."""
    links = facts.links
    owners = [(link.strong, value) for value in values if value in links for _, link in links[value].values()]
    return await weak_links.add_owners(connection, owners) if owners else []


async def _crowded(connection: Connection, strong: Collection[Key], most: int) -> set[Key]:
    """Mark the strong identifiers that have too many browsers from now on."""
    crowded = set(await weak_links.with_more_browsers(connection, strong, most)) if strong else set()
    if crowded:
        await identifiers.mark_crowded(connection, crowded)
    return crowded


def _derive(value: str, timeline: Iterable[tuple[Link, bool]], most_hands: int, result: Timelines) -> None:
    every = list(timeline)
    before = result.rows[value].runs
    kiosk = hands(link for link, _ in every) > most_hands
    runs = () if kiosk else runs_of(link for link, counts in every if counts)
    if kiosk:
        metrics.SHARED.labels("kiosk").inc()
        result.kiosks.add(value)
        result.told |= {link.strong for link, _ in every}
    if kiosk or runs != before:
        result.before[value] = before
    result.runs[value] = runs


def lone_again(timelines: Timelines, mint: Callable[[], str]) -> dict[str, str]:
    """New persons for the browsers that were somebody's and are nobody's now."""
    return {
        value: mint()
        for value, before in timelines.before.items()
        if before and not timelines.runs[value] and value not in timelines.kiosks
    }
