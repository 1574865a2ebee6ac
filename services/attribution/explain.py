"""Everything behind one deal's credits, as JSON."""

from typing import Any

import msgspec

from services.attribution.recompute import load
from services.attribution.recompute.compute import Terms
from shared.db import Connection

_DEAL = "SELECT * FROM warehouse.fct_deal WHERE deal_id = $1"
_STATE = """
SELECT error, EXISTS (SELECT FROM attribution.dirty_deal WHERE dirty_deal.deal_id = deal.deal_id) AS pending
FROM attribution.deal WHERE deal_id = $1
"""
_ENTRIES = """
SELECT entry_id, booking, kind, amount, currency, fx_rate, amount_base, occurred_at, recorded_at, superseded_at
FROM warehouse.fct_deal_entry WHERE deal_id = $1 ORDER BY booking, occurred_at, recorded_at, entry_id
"""
_CREDITS = """
SELECT model, entry_id, touchpoint_id, channel, position, weight, amount_base, run_id, recorded_at
FROM warehouse.fct_credit WHERE deal_id = $1 AND superseded_at IS NULL
ORDER BY model, entry_id, weight DESC, touchpoint_id
"""
_TOUCHES = """
SELECT touchpoint_id, occurred_at, kind, identity, channel, channel_rule, session_source, session_medium, utm_campaign,
    url, referrer
FROM warehouse.fct_touchpoint WHERE touchpoint_id = ANY($1::uuid[])
"""


async def explain(connection: Connection, deal_id: str, terms: Terms) -> bytes | None:
    """The deal as JSON: deal, entries, people, journey, credits. None when there is no such deal.

    `journey` has every touch that could earn credit of it, by time; those of one `session` share its first one's
    credit. `pending` is true while a change waits to be computed.
    """
    deal = await connection.fetchrow(_DEAL, deal_id)
    if deal is None:
        return None
    versions = await load.versions(connection, [deal_id])
    accounts = await load.accounts(connection, [own[-1] for own in versions.values()])
    loaded = await load.load(connection, versions, accounts, terms.lookback, terms.policy.base_currency)
    state = await connection.fetchrow(_STATE, deal_id)
    found = {
        "deal": dict(deal),
        "pending": state["pending"],
        "error": state["error"],
        "entries": [dict(row) for row in await connection.fetch(_ENTRIES, deal_id)],
        "people": loaded.people,
        "journey": await _journey(connection, loaded),
        "models": [*terms.policy.models, *terms.fitted],
        "credits": [dict(row) for row in await connection.fetch(_CREDITS, deal_id)],
        "model_config": terms.model_config,
    }
    return msgspec.json.encode(found)


async def _journey(connection: Connection, loaded: load.Loaded) -> list[dict[str, Any]]:
    touches = loaded.touches
    facts = {str(row["touchpoint_id"]): dict(row) for row in await connection.fetch(_TOUCHES, list(touches.ids))}
    sessions = touches.opens_session.cumsum().tolist()
    journey = [
        {
            **facts[touchpoint_id],
            "person_id": loaded.people[person],
            "session": session,
            "opens_session": opens,
        }
        for touchpoint_id, person, session, opens in zip(
            touches.ids, touches.person.tolist(), sessions, touches.opens_session.tolist(), strict=True
        )
    ]
    return sorted(journey, key=lambda touch: (touch["occurred_at"], touch["touchpoint_id"]))
