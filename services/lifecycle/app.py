"""HTTP of the lifecycle: ask for a lead, act on a lead. Acting needs a source's secret key."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncEngine

from services.lifecycle.domain.stages.rules import ACTION, Lifecycle
from services.lifecycle.domain.stages.state import Signal
from services.lifecycle.lead import NobodyThere, lead_of, what_if
from shared import db, text
from shared.events import encode, headers
from shared.events.ids import Sender
from shared.events.lead_action import LeadAction, LeadActionKind
from shared.http.api import KEYED, application, documented, granting
from shared.http.health import Health
from shared.http.keys import Grant
from shared.http.refusals import NotFound, Unprocessable
from shared.http.throttle import Throttle
from shared.kafka.producer import Outgoing, Producer
from shared.settings import Settings

Storable = Annotated[str, AfterValidator(text.storable)]
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
FUTURE = timedelta(days=1)
"""How far ahead of our clock an act may claim to be; ingest has the same bounds."""


class ActionBody(BaseModel):
    """What sales did. `id` makes the same act sent twice one, also by ingest; without it every call is its own act.

    `owner` is the sales person in charge, one of lifecycle.owners; `actor` is who acted, in any words.
    """

    model_config = ConfigDict(extra="forbid")

    action: LeadActionKind
    reason: Storable | None = Field(None, max_length=text.REASON)
    owner: Storable | None = Field(None, max_length=text.IDENTIFIER)
    actor: Storable | None = Field(None, max_length=text.IDENTIFIER)
    occurred_at: AwareDatetime | None = None
    id: Annotated[Storable, Field(min_length=1, max_length=text.IDENTIFIER)] | int | None = None

    @model_validator(mode="after")
    def _reasoned(self) -> "ActionBody":
        if self.action == "rejected" and not (self.reason and self.reason.strip()):
            raise ValueError("rejected needs a reason: marketing has to know why")
        if self.action == "assigned" and not self.owner:
            raise ValueError("assigned needs an owner")
        return self


class Taken(BaseModel):
    """The act is stored, and will move the lead in a moment."""

    accepted: int = 1
    action_id: str
    person_id: str


class Contradiction(BaseModel):
    """The act would change nothing: why, and the lead as it stands."""

    error: str = "conflict"
    detail: str
    lead: dict[str, Any]


def build(
    settings: Settings,
    pool: AsyncEngine,
    producer: Producer,
    health: Health,
    clock: Callable[[], datetime],
    config: Lifecycle,
) -> FastAPI:
    """The application."""
    app = application("closedloop lifecycle", "Ask for a lead, act on a lead.", settings, health)
    keys = Throttle(settings)

    @app.get("/v1/leads/{lead}", tags=["leads"], responses=documented(*KEYED, 404))
    async def get_lead(lead: str, _: Annotated[Grant, Depends(granting(keys, "read"))]) -> dict[str, Any]:
        """Where the lead stands and why: transitions, sales' answers, every act of sales and why some were ignored.

        `lead` is a person_id, an email or a user_id.
        """
        async with db.transaction(pool) as connection:
            try:
                return await lead_of(connection, lead, config)
            except NobodyThere as error:
                raise NotFound(str(error)) from error

    conflict: dict[int | str, dict[str, Any]] = {
        409: {"model": Contradiction, "description": "it contradicts how sales answered; `lead` is how it stands"}
    }

    @app.post(
        "/v1/leads/{lead}/actions",
        status_code=202,
        tags=["leads"],
        responses=documented(*KEYED, 404) | conflict,
        response_model=Taken,
    )
    async def act(lead: str, body: ActionBody, grant: Annotated[Grant, Depends(granting(keys, "secret"))]) -> Any:
        """What sales did with a lead: stored before the answer. 409 when the lead was answered already."""
        now = clock()
        act = _signal(body, grant.source, now, config.owners)
        async with db.transaction(pool) as connection:
            try:
                person_id, why = await what_if(connection, lead, act, config)
            except NobodyThere as error:
                raise NotFound(str(error)) from error
            if why is not None:
                stands = await lead_of(connection, person_id, config)
                return _json(409, Contradiction(detail=why, lead=stands))
        action = LeadAction(
            action_id=act.id.removeprefix(ACTION),
            source=grant.source,
            action=body.action,
            occurred_at=act.at,
            received_at=now,
            person_id=person_id,
            owner=act.owner,
            reason=act.reason,
            actor=act.actor,
        )
        event_headers = headers("closedloop.lead-action.v1", action.action_id, f"lifecycle:{grant.source}", now)
        await producer.send(
            [Outgoing(settings.topic("lead-actions"), person_id.encode(), encode(action), event_headers)]
        )
        return Taken(action_id=action.action_id, person_id=person_id)

    return app


def _signal(body: ActionBody, source: str, now: datetime, owners: Sequence[str]) -> Signal:
    """The act as lifecycle will see it. Raises Unprocessable, naming the field."""
    owner = _text(body.owner)
    if owner is not None and owner not in owners:
        raise Unprocessable(f"owner: there is no {owner!r} among lifecycle.owners: {', '.join(owners)}")
    client_id = body.id if isinstance(body.id, int) else _text(body.id)
    action_id = uuid.uuid4() if client_id is None else Sender(source).event_id(str(client_id))
    return Signal(
        _moment(body.occurred_at, now), f"{ACTION}{action_id}", f"{ACTION}{body.action}", _text(body.reason), owner,
        actor=_text(body.actor), source=source,
    )  # fmt: skip


def _moment(given: datetime | None, now: datetime) -> datetime:
    if given is None:
        return now
    try:
        moment = given.astimezone(UTC)
    except OverflowError:
        moment = OLDEST.replace(year=1)
    if not OLDEST <= moment <= now + FUTURE:
        raise Unprocessable("occurred_at: is before the year 2000, or more than a day in the future")
    return moment


def _text(given: str | None) -> str | None:
    return (given or "").strip() or None


def _json(status: int, body: BaseModel) -> Response:
    return JSONResponse(body.model_dump(mode="json"), status)
