"""One Segment call as a touchpoint.

page, screen -> page_view        identify -> identify (links identifiers, carries traits)
track        -> see `names`      group    -> group (account; group_call)
alias        -> alias (links previousId to userId, see `_previous`)
"""

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
from services.ingest.entrances.segment.wire import SegmentCall, SentContext, TidiedCall, Values
from shared.events.touchpoint import Account, Touchpoint

EMAIL_INVALID = "email_invalid"
_KINDS = {"page": "page_view", "screen": "page_view", "identify": "identify", "group": "group", "alias": "alias"}
_NO_TYPE = f"must be one of {', '.join(['track', *_KINDS])}"
_NO_PERSON = Problem("anonymousId", "give anonymousId or userId, else nobody can be credited")
_SENT_AS = {"anonymous_id": "anonymousId", "user_id": "userId", "previous_id": "previousId", "email": "traits.email"}
_EMAIL_IN_PROPERTIES = frozenset({"form_submit", "product_signup", "content_download"})
"""Kinds whose `properties.email` is the person's own; elsewhere it may be a friend who was invited."""


def normalise(sent: SegmentCall, receipt: Receipt, index: int) -> Touchpoint:
    """The call as a touchpoint. Raises Rejected for a call nobody can be credited with, or of an unknown type."""
    call = receipt.call or sent.type or ""
    kind = kind_of(sent.event or "") if call == "track" else _KINDS.get(call)
    if kind is None:
        raise rejected("type", _NO_TYPE)
    left_out: list[str] = []
    touchpoint_id = receipt.sender.event_id(_message_id(sent, receipt, index))
    context = of.context_of(sent.context, receipt.context)
    values = _properties(sent, call)
    anonymous_id = _known(sent.anonymous_id, "anonymous_id", receipt, left_out)
    user_id = None if sent.user_id is None else _known(sent.user_id, "user_id", receipt, left_out)
    email = _email(kind, sent.traits or context.traits, values, receipt, left_out)
    previous_id = None
    if call == "alias":
        previous = _known(sent.previous_id, "previous_id", receipt, left_out)
        anonymous_id, previous_id = _previous(previous, anonymous_id, user_id)
    if (anonymous_id or user_id or email) is None:
        path, message = nobody(left_out, _NO_PERSON)
        raise rejected(_SENT_AS.get(path, path), message)
    if values:
        not_too_deep(values, "traits" if call in ("identify", "group") else "properties")
    page = None
    if context.page is not None:
        page = of.page_of(context.page)
    if page is None and call == "page":
        page = of.page_of(of.page_in(values))
    account = None
    if call == "group" or context.group_id is not None:
        account = _account(sent, call, context, receipt, left_out)
    happened = sent.original_timestamp or sent.timestamp
    at, flags = corrected(happened, sent.sent_at or receipt.sent_at, receipt.received_at, "timestamp")
    # By position, in the order of the Struct: names would cost a tenth of the whole.
    return Touchpoint(
        touchpoint_id,
        receipt.sender.name,
        kind,
        at,
        receipt.received_at,
        anonymous_id,
        user_id,
        email,
        {},  # ids: Segment has none
        account,
        page,
        of.campaign_of(context.campaign),
        of.click_ids_of(page),
        values,
        of.consent_of(context),
        context.user_agent or None,
        context.ip or None,
        call == "group",
        (*flags, *left_out) if left_out else flags,
        index,
        receipt.trusted,
        previous_id,
    )


def _previous(previous: str | None, anonymous: str | None, user: str | None) -> tuple[str | None, str | None]:
    """The anonymous id and the former user id of an alias.

    Segment lets `previousId` be either. It is the browser's own id when the call says so, or has no user id. Else it is
    a former user id; a server that names no browser may mean an anonymous one all the same, so then it counts as both.
    """
    if previous is None or user is None or previous in (anonymous, user):
        return anonymous or previous, None
    return anonymous or previous, previous


def _properties(sent: SegmentCall, call: str) -> Values:
    """Properties, or traits where the call has those, with the name the event was called by."""
    values = (sent.traits if call in ("identify", "group") else sent.properties) or {}
    name = sent.event if call == "track" else sent.name
    if name:
        values.setdefault("event" if call == "track" else "name", name)
    return values


def _email(kind: str, traits: Values | None, values: Values, receipt: Receipt, left_out: list[str]) -> str | None:
    found = text_of(traits.get("email")) if traits else None
    if found is None and kind in _EMAIL_IN_PROPERTIES:
        found = text_of(values.get("email"))
    if found is None:
        return None
    try:
        return known_email(found, "email", receipt, left_out)
    except Rejected:
        left_out.append(EMAIL_INVALID)
        return None


def _known(value: str | int | None, name: str, receipt: Receipt, left_out: list[str]) -> str | None:
    """An identifier, in flags called `name`. Raises Rejected, under Segment's own name, when it is too long."""
    try:
        return known(value, name, receipt, left_out)
    except Rejected as why:
        raise rejected(_SENT_AS[name], why.problems[0].message) from None


def _account(
    sent: SegmentCall, call: str, context: SentContext, receipt: Receipt, left_out: list[str]
) -> Account | None:
    if call != "group":
        return company(context.group_id, None, None, receipt, left_out)
    traits: dict[str, Any] = sent.traits or {}
    website = text_of(traits.get("domain")) or text_of(traits.get("website"))
    domain = website.rpartition("://")[2].partition("/")[0].lower().removeprefix("www.") if website else None
    return company(sent.group_id, domain, text_of(traits.get("name")), receipt, left_out)


def _message_id(sent: SegmentCall, receipt: Receipt, index: int) -> str:
    """The sender's id; else the content, and the moment of its receipt unless the content has a time of its own.

    A placeholder such as `undefined` is no id: all calls sent with it would count as one.
    """
    given = None if sent.message_id is None else identifier(sent.message_id, "messageId")
    if given is not None and (not receipt.junk.has(given) or given.isdigit()):
        return given
    content = sent.content if isinstance(sent, TidiedCall) else content_of(sent)
    if sent.timestamp or sent.original_timestamp or sent.sent_at:
        return f"[{content}]"
    return f"[{content},{msgspec.json.encode(receipt.received_at).decode()},{index}]"
