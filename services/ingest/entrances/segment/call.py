"""One Segment call as a touchpoint.

page, screen -> page_view        identify -> identify (links identifiers, carries traits)
track        -> see `names`      group    -> group (account; group_call)
alias        -> alias (links previousId to userId, see `_previous`)
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from services.ingest.domain.company import company
from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import Problem, Rejected, rejected
from services.ingest.domain.text import content_of, identifier, not_too_deep, text_of
from services.ingest.domain.times import corrected
from services.ingest.domain.who import known, known_email, nobody
from services.ingest.entrances.segment import context as of
from services.ingest.entrances.segment.names import kind_of
from shared.events.touchpoint import Account, Touchpoint

EMAIL_INVALID = "email_invalid"
_NO_PERSON = Problem("anonymousId", "give anonymousId or userId, else nobody can be credited")
_SENT_AS = {"anonymous_id": "anonymousId", "user_id": "userId", "previous_id": "previousId", "email": "traits.email"}
_EMAIL_IN_PROPERTIES = frozenset({"form_submit", "product_signup", "content_download"})
"""Kinds whose `properties.email` is the person's own; elsewhere it may be a friend who was invited."""


class SegmentCall(msgspec.Struct, gc=False, rename="camel"):
    """One call as sent. Nothing but its times is checked while decoding."""

    type: Any = None
    message_id: Any = None
    anonymous_id: Any = None
    user_id: Any = None
    timestamp: datetime | None = None
    original_timestamp: datetime | None = None
    sent_at: datetime | None = None
    event: Any = None
    name: Any = None
    group_id: Any = None
    previous_id: Any = None
    context: Any = None
    properties: Any = None
    traits: Any = None


def normalise(sent: SegmentCall, receipt: Receipt, index: int) -> Touchpoint:
    """The call as a touchpoint. Raises Rejected for a call nobody can be credited with, or of an unknown type."""
    call = receipt.call or text_of(sent.type)
    kind_in = _KINDS.get(call or "")
    if kind_in is None:
        raise rejected("type", f"must be one of {', '.join(_KINDS)}")
    kind = kind_in(sent)
    context = of.context_of(sent.context, receipt.context)
    values = _properties(sent, call or "")
    traits = of.within({"traits": sent.traits}, "traits") or of.within(context, "traits")
    page = of.page_of(of.within(context, "page") or (values if call == "page" else of.NOTHING))
    left_out: list[str] = []
    anonymous_id = _known(sent.anonymous_id, "anonymousId", "anonymous_id", receipt, left_out)
    user_id = _known(sent.user_id, "userId", "user_id", receipt, left_out)
    email = _email(kind, traits, values, receipt, left_out)
    previous_id = None
    if call == "alias":
        previous = _known(sent.previous_id, "previousId", "previous_id", receipt, left_out)
        anonymous_id, previous_id = _previous(previous, anonymous_id, user_id)
    if (anonymous_id or user_id or email) is None:
        path, message = nobody(left_out, _NO_PERSON)
        raise rejected(_SENT_AS.get(path, path), message)
    not_too_deep(values, "traits" if call in ("identify", "group") else "properties")
    happened = sent.original_timestamp or sent.timestamp
    account = _account(sent, call or "", context, receipt, left_out)
    at, flags = corrected(happened, sent.sent_at or receipt.sent_at, receipt.received_at, "timestamp")
    return Touchpoint(
        touchpoint_id=receipt.sender.event_id(_message_id(sent, receipt, index)),
        source=receipt.sender.name,
        kind=kind,
        occurred_at=at,
        received_at=receipt.received_at,
        anonymous_id=anonymous_id,
        user_id=user_id,
        email=email,
        account=account,
        page=page,
        campaign=of.campaign_of(of.within(context, "campaign")),
        click_ids=of.click_ids_of(page),
        properties=values,
        consent=of.consent_of(context),
        user_agent=text_of(context.get("userAgent")),
        ip=text_of(context.get("ip")),
        group_call=call == "group",
        flags=(*flags, *left_out) if left_out else flags,
        position=index,
        trusted=receipt.trusted,
        previous_id=previous_id,
    )


_KINDS: dict[str, Callable[[SegmentCall], str]] = {
    "track": lambda sent: kind_of(text_of(sent.event) or ""),
    "page": lambda _: "page_view",
    "screen": lambda _: "page_view",
    "identify": lambda _: "identify",
    "group": lambda _: "group",
    "alias": lambda _: "alias",
}


def _previous(previous: str | None, anonymous: str | None, user: str | None) -> tuple[str | None, str | None]:
    """The anonymous id and the former user id of an alias.

    Segment lets `previousId` be either. It is the browser's own id when the call says so, or has no user id. Else it is
    a former user id; a server that names no browser may mean an anonymous one all the same, so then it counts as both.
    """
    if previous is None or user is None or previous in (anonymous, user):
        return anonymous or previous, None
    return anonymous or previous, previous


def _properties(sent: SegmentCall, call: str) -> dict[str, Any]:
    """Properties, or traits where the call has those, with the name the event was called by."""
    source = sent.traits if call in ("identify", "group") else sent.properties
    values = dict(source) if isinstance(source, dict) else {}
    name = text_of(sent.event if call == "track" else sent.name)
    if name is not None:
        values.setdefault("event" if call == "track" else "name", name)
    return values


def _email(kind: str, traits: of.Values, values: of.Values, receipt: Receipt, left_out: list[str]) -> str | None:
    found = text_of(traits.get("email"))
    if found is None and kind in _EMAIL_IN_PROPERTIES:
        found = text_of(values.get("email"))
    try:
        return known_email(found, "email", receipt, left_out)
    except Rejected:
        left_out.append(EMAIL_INVALID)
        return None


def _known(value: Any, path: str, name: str, receipt: Receipt, left_out: list[str]) -> str | None:
    """An identifier; `path` is what Segment calls it, `name` what the flags do."""
    return None if value is None else known(_id(value, path), name, receipt, left_out)


def _id(value: Any, path: str) -> str | None:
    return identifier(text_of(value), path)


def _account(sent: SegmentCall, call: str, context: of.Values, receipt: Receipt, left_out: list[str]) -> Account | None:
    if call != "group":
        group_id = context.get("groupId")
        return company(text_of(group_id), None, None, receipt, left_out) if group_id is not None else None
    traits = of.within({"traits": sent.traits}, "traits")
    website = text_of(traits.get("domain")) or text_of(traits.get("website"))
    domain = website.rpartition("://")[2].partition("/")[0].lower().removeprefix("www.") if website else None
    return company(text_of(sent.group_id), domain, text_of(traits.get("name")), receipt, left_out)


def _message_id(sent: SegmentCall, receipt: Receipt, index: int) -> str:
    """The sender's id; else the content, and the moment of its receipt unless the content has a time of its own.

    A placeholder such as `undefined` is no id: all calls sent with it would count as one.
    """
    given = _id(sent.message_id, "messageId")
    if given is not None and (given.isdigit() or not receipt.junk.has(given)):
        return given
    timed = sent.timestamp or sent.original_timestamp or sent.sent_at
    return content_of([sent, *([] if timed else [receipt.received_at, index])])
