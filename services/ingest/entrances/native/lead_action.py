"""What sales did with a lead."""

from datetime import datetime

import msgspec

from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import Problem, Rejected
from services.ingest.domain.text import content_of, identifier, shorter_than
from services.ingest.domain.times import corrected
from services.ingest.domain.who import event_id, known, known_email, nobody
from shared.events.lead_action import LeadAction, LeadActionKind
from shared.text import REASON

_NO_PERSON = Problem("person_id", "give person_id, email or user_id: whose lead is it?")


class Act(msgspec.Struct, gc=False):
    """What makes an act without an id the same act. Fields that are added later are not part of it."""

    action: LeadActionKind
    id: str | int | None = None
    occurred_at: datetime | None = None
    person_id: str | None = None
    email: str | None = None
    user_id: str | int | None = None
    owner: str | None = None
    reason: str | None = None


class NativeLeadAction(Act, gc=False):
    """One act as sent. `action` and one of person_id, email, user_id are required; to reject, a `reason` as well."""

    actor: str | None = None


def normalise(sent: NativeLeadAction, receipt: Receipt, index: int) -> LeadAction:
    """The act as it travels on. Raises Rejected.

    Without an `id` the content is one: the same act at the same `occurred_at` is the same act. Without a time either,
    each is an act of its own, at the moment of its receipt.
    """
    left_out: list[str] = []
    person_id = identifier(sent.person_id, "person_id")
    email = known_email(sent.email, "email", receipt, left_out)
    user_id = known(sent.user_id, "user_id", receipt, left_out)
    owner = identifier(sent.owner, "owner")
    reason = shorter_than(sent.reason, REASON, "reason")
    problems = []
    if (person_id or email or user_id) is None:
        problems.append(nobody(left_out, _NO_PERSON))
    if sent.action == "rejected" and reason is None:
        problems.append(Problem("reason", "is required to reject a lead: marketing learns from it"))
    if sent.action == "assigned" and owner is None:
        problems.append(Problem("owner", "is required to assign a lead: to whom?"))
    if problems:
        raise Rejected(*problems)
    client_id = event_id(sent.id, receipt)
    if client_id is None:
        when = [receipt.received_at, index] if sent.occurred_at is None else []
        client_id = content_of([_act(sent), *when])
    at, flags = corrected(sent.occurred_at, None, receipt.received_at)
    return LeadAction(
        action_id=receipt.sender.event_id(client_id),
        source=receipt.sender.name,
        action=sent.action,
        occurred_at=at,
        received_at=receipt.received_at,
        person_id=person_id,
        email=email,
        user_id=user_id,
        owner=owner,
        reason=reason,
        actor=identifier(sent.actor, "actor"),
        position=index,
        flags=(*flags, *left_out),
    )


def key_of(action: LeadAction) -> str:
    """What decides the partition: the acts on one lead stay in order."""
    return action.person_id or action.email or action.user_id or ""


def _act(sent: NativeLeadAction) -> Act:
    """Acts of nobody in particular keep the ids they had before there was an `actor`."""
    return sent if sent.actor is not None else Act(*(getattr(sent, name) for name in Act.__struct_fields__))
