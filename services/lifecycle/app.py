"""HTTP of the lifecycle: ask for a lead, act on a lead. Both need a source's secret key."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncEngine

from services.lifecycle.store import leads
from shared import db, text
from shared.events import encode, headers
from shared.events.lead_action import LeadAction, LeadActionKind
from shared.http.api import KEYED, application, documented, granting
from shared.http.health import Health
from shared.http.keys import Grant
from shared.http.refusals import NotFound
from shared.http.throttle import Throttle
from shared.kafka.producer import Outgoing, Producer
from shared.settings import Settings

Storable = Annotated[str, AfterValidator(text.storable)]
NAMESPACE = uuid.UUID("d0a3c3b5-4a0f-5c1e-8f0e-7d5b8f6f2a10")


class ActionBody(BaseModel):
    """What sales did. `id` makes the same act sent twice one; without it every call is an act of its own."""

    model_config = ConfigDict(extra="forbid")

    action: LeadActionKind
    reason: Storable | None = Field(None, max_length=text.REASON)
    owner: Storable | None = Field(None, max_length=text.IDENTIFIER)
    occurred_at: AwareDatetime | None = None
    id: Storable | None = Field(None, min_length=1, max_length=text.IDENTIFIER)

    @model_validator(mode="after")
    def _reasoned(self) -> "ActionBody":
        if self.action == "rejected" and not (self.reason and self.reason.strip()):
            raise ValueError("rejected needs a reason: marketing has to know why")
        if self.action == "assigned" and not self.owner:
            raise ValueError("assigned needs an owner")
        return self


def build(
    settings: Settings, pool: AsyncEngine, producer: Producer, health: Health, clock: Callable[[], datetime]
) -> FastAPI:
    """The application."""
    app = application("closedloop lifecycle", "Ask for a lead, act on a lead.", settings, health)
    keys = Throttle(settings)

    async def known(lead: str) -> str:
        async with db.transaction(pool) as connection:
            person_id = await leads.find(connection, lead)
        if person_id is None:
            raise NotFound(f"there is no lead {lead!r}: name it by person_id, email or user_id")
        return person_id

    @app.get("/v1/leads/{lead}", tags=["leads"], responses=documented(*KEYED, 404))
    async def get_lead(lead: str, _: Annotated[Grant, Depends(granting(keys, "read"))]) -> dict[str, Any]:
        """The lead's stages, sales' answers and what moved it. `lead` is a person_id, an email or a user_id."""
        person_id = await known(lead)
        async with db.transaction(pool) as connection:
            return await leads.explain(connection, person_id)

    @app.post("/v1/leads/{lead}/actions", status_code=202, tags=["leads"], responses=documented(*KEYED, 404))
    async def act(
        lead: str, body: ActionBody, grant: Annotated[Grant, Depends(granting(keys, "secret"))]
    ) -> dict[str, Any]:
        """What sales did with a lead, stored before the answer."""
        person_id, now, name = await known(lead), clock(), grant.source
        action = LeadAction(
            action_id=str(uuid.uuid5(NAMESPACE, f"{name}:{body.id}") if body.id else uuid.uuid4()),
            source=name,
            action=body.action,
            occurred_at=body.occurred_at or now,
            received_at=now,
            person_id=person_id,
            owner=body.owner,
            reason=body.reason,
        )
        event_headers = headers("closedloop.lead-action.v1", action.action_id, f"lifecycle:{name}", now)
        await producer.send(
            [Outgoing(settings.topic("lead-actions"), person_id.encode(), encode(action), event_headers)]
        )
        return {"accepted": 1, "action_id": action.action_id, "person_id": person_id}

    return app
