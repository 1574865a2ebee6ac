"""Everything behind one deal's credits, as JSON."""

from typing import Any

import msgspec

from services.attribution.domain.terms import Terms
from services.attribution.recompute import load
from services.attribution.store import accounts, deals, explained, touchpoints
from shared.db import Connection


async def explain(connection: Connection, deal_id: str, terms: Terms) -> bytes | None:
    """The deal as JSON: deal, entries, people, journey, credits. None when there is no such deal.

    `journey` has every touch that could earn credit of it, by time; those of one `session` share its first one's
    credit. `pending` is true while a change waits to be computed; `incomplete` while the deal is open without amount.
    """
    standing = await explained.standing(connection, deal_id)
    if standing is None:
        return None
    versions = await deals.versions(connection, [deal_id])
    found = await accounts.found(connection, versions)
    loaded = await load.load(connection, versions, found, terms.lookback, terms.policy.base_currency)
    document = {
        "deal": standing.deal,
        "pending": standing.pending,
        "error": standing.error,
        "incomplete": standing.deal["amount"] is None,
        "entries": standing.entries,
        "people": loaded.people,
        "journey": await _journey(connection, loaded),
        "models": [*terms.policy.models, *terms.fitted],
        "credits": standing.credits,
        "model_config": terms.model_config,
    }
    return msgspec.json.encode(document)


async def _journey(connection: Connection, loaded: load.Loaded) -> list[dict[str, Any]]:
    touches = loaded.touches
    ids = touches.texts()
    facts = await touchpoints.facts(connection, ids)
    sessions = touches.opens_session.cumsum().tolist()
    journey = [
        {
            **facts[touchpoint_id],
            "person_id": loaded.people[person],
            "session": session,
            "opens_session": opens,
        }
        for touchpoint_id, person, session, opens in zip(
            ids, touches.person.tolist(), sessions, touches.opens_session.tolist(), strict=True
        )
    ]
    return sorted(journey, key=lambda touch: (touch["occurred_at"], touch["touchpoint_id"]))
