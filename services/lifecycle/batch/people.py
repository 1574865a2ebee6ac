"""Step 3: for every person concerned fold again, or take a step when only newer signals came."""

from collections.abc import Mapping

import msgspec

from services.lifecycle.batch.changes import Change, Changes
from services.lifecycle.batch.evidence import Evidence
from services.lifecycle.batch.identify import Identified
from services.lifecycle.batch.load import load
from services.lifecycle.domain.identity.person import life
from services.lifecycle.domain.stages.fold import advance
from services.lifecycle.domain.stages.rules import Lifecycle
from services.lifecycle.domain.stages.state import Signal, State, Transition
from services.lifecycle.store import identifiers, persons
from services.lifecycle.store.persons import Row
from shared.db import Connection

_STATE = msgspec.json.Decoder(State)


async def settle(connection: Connection, identity: Identified, evidence: Evidence, config: Lifecycle) -> Changes:
    """What changes for whom. Their rows are locked from here on."""
    again = identity.changed | evidence.changed
    visitors = {p: v for p, v in identity.visitors.items() if p not in evidence.changed and p not in evidence.signals}
    stored, merged = await _lock(connection, again | evidence.signals.keys(), identity)
    again = {merged.get(person_id, person_id) for person_id in again}
    changes = Changes(
        visitors=visitors,
        ended={p: heir for p, heir in merged.items() if p in stored and stored[p].merged_into != heir},
        stored=stored,
    )
    for person_id, new in evidence.signals.items():
        step = _step(stored.get(person_id), new, config) if person_id not in again else None
        if step is not None:
            changes.people.append(Change(person_id, *step, [], None, ()))
        else:
            again.add(merged.get(person_id, person_id))
    if again:
        await _fold_again(connection, again, changes, config)
    return changes


async def _lock(
    connection: Connection, wanted: set[str], identity: Identified
) -> tuple[dict[str, Row], dict[str, str]]:
    """The rows of the persons concerned, locked; and who turned out to be, or already was, merged into whom."""
    merged, stored, asked = dict(identity.merged), dict[str, Row](), set[str]()
    unseen = wanted | merged.keys() | identity.resolves.keys()
    while unseen:
        asked |= unseen
        stored |= await persons.lock(connection, unseen)
        merged = _merged_before(stored, identity) | merged
        unseen = set(merged.values()) - asked
    if identity.merged:
        stored |= await persons.merged_into(connection, identity.merged)
        merged = _merged_before(stored, identity) | merged
    merged = {person_id: _heir(person_id, merged) for person_id in merged}
    if identity.merged:
        # Again, now that the persons are locked: another process may have given them identifiers since.
        await identifiers.reassign(connection, identity.merged)
    return stored, merged


def _merged_before(stored: Mapping[str, Row], identity: Identified) -> dict[str, str]:
    """Who was merged into whom before, also by another process since this batch found them by their account.

    Who was taken for another, and is somebody again, is left out; and an id that went with them means them now.
    """
    return {
        person_id: identity.resolves.get(person_id, row.merged_into)
        for person_id, row in stored.items()
        if row.merged_into and person_id not in identity.alive
    }


def _heir(person_id: str, merged: Mapping[str, str]) -> str:
    while person_id in merged:
        person_id = merged[person_id]
    return person_id


def _step(row: Row | None, new: list[Signal], config: Lifecycle) -> tuple[State, list[Transition]] | None:
    """One step on from the stored state; None when only folding again will do."""
    if row is None or row.state is None:
        return None
    before = state = _STATE.decode(row.state)
    transitions: list[Transition] = []
    for signal in sorted(new, key=lambda s: (s.at, s.id)):
        if state.version != config.version or (state.last and (signal.at, signal.id) <= state.last):
            return None
        state, more = advance(state, signal, config)
        transitions += more
    # A person becoming a lead tells the others so; that event needs the whole person.
    return (state, transitions) if state.lead_created == before.lead_created else None


async def _fold_again(connection: Connection, again: set[str], changes: Changes, config: Lifecycle) -> None:
    dossiers = await load(connection, again, changes.stored)
    in_force: dict[str, dict[Transition, tuple[str, str]]] = {}
    for id_, person_id, transition, version in await persons.transitions(connection, [*changes.stored]):
        in_force.setdefault(person_id, {})[transition] = (id_, version)
    for person_id, dossier in dossiers.items():
        folded = life(dossier.who, dossier.signals, dossier.of_account, config)
        before, after = in_force.get(person_id, {}), dict.fromkeys(folded.transitions)
        added = [transition for transition in after if transition not in before]
        gone = [(*before[transition], transition) for transition in before if transition not in after]
        changes.people.append(Change(person_id, folded.state, added, gone, dossier.who, dossier.companies))
    for person_id in again - dossiers.keys():
        if person_id in changes.stored:  # the visitor of a browser that is everybody's: nobody any more
            changes.ended[person_id] = None
    for person_id in changes.ended:
        changes.gone[person_id] = [(*how, transition) for transition, how in in_force.get(person_id, {}).items()]
