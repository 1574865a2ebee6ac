"""One lead as people ask for it: where it stands, why, and what an act of sales would change."""

from typing import Any

from services.lifecycle.batch.load import load
from services.lifecycle.domain.identity.person import told
from services.lifecycle.domain.stages.rules import ACTION, Lifecycle
from services.lifecycle.domain.stages.state import Signal
from services.lifecycle.domain.stages.timeline import Act, acts
from services.lifecycle.store import leads, persons
from shared.db import Connection


class NobodyThere(Exception):
    """No person is known by that name; the message says how to name one."""


async def lead_of(connection: Connection, name: str, config: Lifecycle) -> dict[str, Any]:
    """The lead of a person id, email or user id, with every act of sales. Raises NobodyThere."""
    person_id = await _person(connection, name)
    first, signals = await _life(connection, person_id)
    found = await leads.explain(connection, person_id)
    return {**found, "actions": [_told(act) for act in acts(first, signals, config)]}


async def what_if(connection: Connection, name: str, act: Signal, config: Lifecycle) -> tuple[str, str | None]:
    """The person of that name, and why this act would change nothing; None when it would. Raises NobodyThere.

    An act sent again is what it was the first time; the same id for another act is refused.
    """
    person_id = await _person(connection, name)
    first, signals = await _life(connection, person_id)
    for known in signals:
        if known.id == act.id:
            same = known.kind == act.kind
            return person_id, None if same else f"this id is that of another act: {known.kind.removeprefix(ACTION)}"
    after = acts(first, [*signals, act], config)
    return person_id, next(one.ignored for one in after if one.signal.id == act.id)


async def _person(connection: Connection, name: str) -> str:
    person_id = await leads.find(connection, name)
    if person_id is None:
        raise NobodyThere(f"there is no lead {name!r}: name it by person_id, email or user_id")
    return person_id


async def _life(connection: Connection, person_id: str) -> tuple[Signal, list[Signal]]:
    stored = await persons.read(connection, [person_id])
    dossier = (await load(connection, [person_id], stored)).get(person_id)
    if dossier is None:
        raise NobodyThere(f"person {person_id} has no identifier any more: all of theirs turned out to be others'")
    return told(dossier.who, dossier.signals, dossier.of_account)


def _told(act: Act) -> dict[str, Any]:
    signal = act.signal
    return {
        "action_id": signal.id.removeprefix(ACTION),
        "action": signal.kind.removeprefix(ACTION),
        "occurred_at": signal.at,
        "actor": signal.actor,
        "source": signal.source,
        "owner": signal.owner,
        "reason": signal.reason,
        "ignored": act.ignored,
    }
