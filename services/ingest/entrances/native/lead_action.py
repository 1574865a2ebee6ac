"""What sales did with a lead."""

from datetime import datetime

import msgspec

from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import Problem, Rejected
from services.ingest.domain.text import content_of, email_of, identifier
from services.ingest.domain.times import corrected
from shared.events.lead_action import LeadAction, LeadActionKind
from shared.text import REASON


class NativeLeadAction(msgspec.Struct, gc=False):
    """One act as sent. `action` and one of person_id, email, user_id are required; to reject, a `reason` as well."""

    action: LeadActionKind
    id: str | int | None = None
    occurred_at: datetime | None = None
    person_id: str | None = None
    email: str | None = None
    user_id: str | int | None = None
    owner: str | None = None
    reason: str | None = None
    actor: str | None = None


def normalise(sent: NativeLeadAction, receipt: Receipt, index: int) -> LeadAction:
    """The act as it travels on. Raises Rejected.

    Without an `id` the content is one: the same act at the same `occurred_at` is the same act. Without a time either,
    each is an act of its own, at the moment of its receipt.
    """
    person_id = identifier(sent.person_id, "person_id")
    email = email_of(sent.email) if sent.email else None
    user_id = identifier(sent.user_id, "user_id")
    owner = identifier(sent.owner, "owner")
    reason = (sent.reason or "").strip() or None
    problems = []
    if (person_id or email or user_id) is None:
        problems.append(Problem("person_id", "give person_id, email or user_id: whose lead is it?"))
    if sent.action == "rejected" and reason is None:
        problems.append(Problem("reason", "is required to reject a lead: marketing learns from it"))
    if reason is not None and len(reason) > REASON:
        problems.append(Problem("reason", f"has {len(reason)} characters; the most is {REASON}"))
    if sent.action == "assigned" and not owner:
        problems.append(Problem("owner", "is required to assign a lead: to whom?"))
    if problems:
        raise Rejected(*problems)
    client_id = identifier(sent.id, "id")
    if client_id is None:
        when = [receipt.received_at, index] if sent.occurred_at is None else []
        client_id = content_of([sent, *when])
    return LeadAction(
        action_id=receipt.sender.event_id(client_id),
        source=receipt.sender.name,
        action=sent.action,
        occurred_at=corrected(sent.occurred_at, None, receipt.received_at)[0],
        received_at=receipt.received_at,
        person_id=person_id,
        email=email,
        user_id=user_id,
        owner=owner,
        reason=reason,
        actor=identifier(sent.actor, "actor"),
    )


def key_of(action: LeadAction) -> str:
    """What decides the partition: the acts on one lead stay in order."""
    return action.person_id or action.email or action.user_id or ""
