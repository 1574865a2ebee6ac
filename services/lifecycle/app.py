"""HTTP of the lifecycle: ask for a lead, act on a lead. Both need a source's secret key."""

import uuid
from collections.abc import Callable
from datetime import datetime
from hmac import compare_digest
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncEngine

from services.lifecycle.store import leads
from shared import db
from shared.errors import Unavailable
from shared.events import encode, headers
from shared.events.lead_action import LeadAction, LeadActionKind
from shared.http.service import Health, health_routes
from shared.kafka.producer import Outgoing, Producer
from shared.settings import Settings

NAMESPACE = uuid.UUID("d0a3c3b5-4a0f-5c1e-8f0e-7d5b8f6f2a10")
_bearer = HTTPBearer(auto_error=False, description="a source's secret key")


class ActionBody(BaseModel):
    """What sales did. `id` makes the same act sent twice one; without it every call is an act of its own."""

    model_config = ConfigDict(extra="forbid")

    action: LeadActionKind
    reason: str | None = Field(None, max_length=500)
    owner: str | None = Field(None, max_length=200)
    occurred_at: AwareDatetime | None = None
    id: str | None = Field(None, min_length=1, max_length=200)

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
    app = FastAPI(title="closedloop lifecycle", docs_url=None, redoc_url=None)
    app.include_router(health_routes(health))
    secrets = [(s.secret_key.get_secret_value().encode(), s.name) for s in settings.sources if s.secret_key]
    public = [s.write_key.get_secret_value().encode() for s in settings.sources if s.write_key]

    def source(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
        key = given.credentials.encode() if given else b""
        # Every key is compared whole, so that the time it takes says nothing about any of them.
        names = [name for secret, name in secrets if compare_digest(secret, key)]
        if names:
            return names[0]
        if any(compare_digest(write_key, key) for write_key in public):
            raise HTTPException(403, "this is a write key, which may only send touchpoints; use the secret key")
        raise HTTPException(401, "send a source's secret key: Authorization: Bearer <key>")

    @app.exception_handler(Unavailable)
    async def away(_: Request, error: Unavailable) -> Response:
        return JSONResponse({"detail": str(error)}, 503, {"Retry-After": "5"})

    async def known(lead: str) -> str:
        try:
            async with db.transaction(pool) as connection:
                person_id = await leads.find(connection, lead)
        except Exception as error:
            if not db.is_transient(error):
                raise
            raise Unavailable("PostgreSQL does not answer; try again later") from error
        if person_id is None:
            raise HTTPException(404, f"there is no lead {lead!r}: name it by person_id, email or user_id")
        return person_id

    @app.get("/v1/leads/{lead}", tags=["leads"])
    async def get_lead(lead: str, _: Annotated[str, Depends(source)]) -> dict[str, Any]:
        person_id = await known(lead)
        async with db.transaction(pool) as connection:
            return await leads.explain(connection, person_id)

    @app.post("/v1/leads/{lead}/actions", status_code=202, tags=["leads"])
    async def act(lead: str, body: ActionBody, name: Annotated[str, Depends(source)]) -> dict[str, Any]:
        person_id, now = await known(lead), clock()
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
