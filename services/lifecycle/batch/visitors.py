"""New visitors who did nothing yet: most new persons are such, so what they all have in common is made once."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from services.lifecycle.batch import messages
from services.lifecycle.domain.identity.links import WEAK
from services.lifecycle.domain.stages.fold import advance
from services.lifecycle.domain.stages.rules import SEEN, Lifecycle
from services.lifecycle.domain.stages.state import Signal, State, Transition
from services.lifecycle.store.outbox import Message
from services.lifecycle.store.persons import Visitor
from shared.events.person import IdentifierSpan, Person

_ANY = datetime.fromtimestamp(0, UTC)


def arrive(
    visitors: Mapping[str, tuple[str, datetime, str]],
    config: Lifecycle,
    now: datetime,
    mint: Callable[[], str],
    queue: list[Message],
) -> tuple[list[Visitor], list[tuple[str, str, Transition]]]:
    """The rows and transitions of visitors, as (value, first seen, event id) by person; their events go to `queue`."""
    state, transitions = advance(State(version=config.version), Signal(_ANY, "", SEEN), config)
    rows: list[Visitor] = []
    made: list[tuple[str, str, Transition]] = []
    for person_id, (value, at, event_id) in visitors.items():
        since = state.since and at
        rows.append((person_id, state.stage, since, at))
        queue.append(messages.of_person(Person(person_id, 1, (IdentifierSpan(WEAK, value),)), now))
        for cycle, before, to, _, rule, reason, _ in transitions:
            id_ = mint()
            transition = Transition(cycle, before, to, at, rule, reason, event_id)
            made.append((id_, person_id, transition))
            queue.append(messages.of_transition(id_, person_id, transition, None, config.version, now))
    return rows, made
