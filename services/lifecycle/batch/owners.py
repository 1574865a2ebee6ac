"""Whose turn it is: round robin over the configured owners, stored, so that folding again does not roll again."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from services.lifecycle.domain.stages.state import State
from services.lifecycle.store import persons
from services.lifecycle.store.persons import Pass
from shared.db import Connection


class HasState(Protocol):
    """A person with the state folded for them."""

    person_id: str
    state: State


async def owners_of(
    connection: Connection, people: Sequence[HasState], merged: Mapping[str, str], owners: Sequence[str]
) -> dict[Pass, str]:
    """The owner of every pass of these people that came to sales; a pass without one takes the next turn.

    A merged person's passes keep their owner unless the heir's pass of that number has one.
    """
    passes = sorted((a.mql_at, p.person_id, cycle) for p in people for cycle, a in p.state.answers.items())
    if not passes:
        return {}
    concerned = {person_id for _, person_id, _ in passes}
    forebears = [person_id for person_id, heir in merged.items() if heir in concerned]
    known = await persons.assignments(connection, [*concerned, *forebears])
    new: dict[Pass, str] = {}
    for (person_id, cycle), owner in sorted(known.items()):
        if (heir := merged.get(person_id)) and (heir, cycle) not in known:
            new.setdefault((heir, cycle), owner)
    waiting = [(p, cycle) for _, p, cycle in passes if (p, cycle) not in known and (p, cycle) not in new]
    if waiting:
        turn = await persons.take_turns(connection, len(waiting))
        new |= {one: owners[(turn + index) % len(owners)] for index, one in enumerate(waiting)}
    if new:
        await persons.assign(connection, new)
    return known | new
