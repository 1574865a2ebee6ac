"""Segment's calls as they are sent, in two readings.

SegmentCall is what its libraries send: decoded straight into fields of their types, which is what makes a batch cheap.
LooseCall is what anybody may send: nothing but its times is checked while decoding, and `tidied` makes it a
SegmentCall, passing over whatever has another type than Segment's own. A call is read loosely only when it cannot be
read otherwise, or has no `messageId`: then its content, whole, is its id.
"""

from datetime import datetime
from typing import Any

import msgspec

from services.ingest.domain.text import content_of, text_of
from shared.events.touchpoint import Campaign

Values = dict[str, Any]


class SentPage(msgspec.Struct, gc=False):
    """The page of a context."""

    url: str | None = None
    title: str | None = None
    referrer: str | None = None
    search: str | None = None


class SentConsent(msgspec.Struct, gc=False, rename="camel"):
    """What the person agreed to, by category."""

    category_preferences: Values | None = None


class SentContext(msgspec.Struct, gc=False, rename="camel"):
    """The context of a call, or of a whole batch."""

    page: SentPage | None = None
    campaign: Campaign | None = None
    user_agent: str | None = None
    ip: str | None = None
    group_id: str | int | None = None
    traits: Values | None = None
    consent: SentConsent | None = None


class SegmentCall(msgspec.Struct, gc=False, rename="camel"):
    """One call of Segment's libraries."""

    type: str | None = None
    message_id: str | int | None = None
    anonymous_id: str | int | None = None
    user_id: str | int | None = None
    timestamp: datetime | None = None
    original_timestamp: datetime | None = None
    sent_at: datetime | None = None
    event: str | None = None
    name: str | None = None
    group_id: str | int | None = None
    previous_id: str | int | None = None
    context: SentContext | None = None
    properties: Values | None = None
    traits: Values | None = None


class LooseCall(msgspec.Struct, gc=False, rename="camel"):
    """A call whose fields may hold anything.

    Their order is part of the id of calls without a `messageId`: never change it.
    """

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


class TidiedCall(SegmentCall, gc=False):
    """A call that was read loosely. `content` is all of it, as one text."""

    content: str = ""


def tidied(sent: LooseCall) -> SegmentCall:
    """What a loose call says in fields of Segment's types; anything else is passed over."""
    return TidiedCall(
        type=text_of(sent.type),
        message_id=text_of(sent.message_id),
        anonymous_id=text_of(sent.anonymous_id),
        user_id=text_of(sent.user_id),
        timestamp=sent.timestamp,
        original_timestamp=sent.original_timestamp,
        sent_at=sent.sent_at,
        event=text_of(sent.event),
        name=text_of(sent.name),
        group_id=text_of(sent.group_id),
        previous_id=text_of(sent.previous_id),
        context=tidied_context(sent.context),
        properties=_values(sent.properties),
        traits=_values(sent.traits),
        content=content_of(sent),
    )


def tidied_context(sent: object) -> SentContext | None:
    """What a loose context says; None when it is no object."""
    if not isinstance(sent, dict):
        return None
    page, campaign, consent = (sent.get(name) for name in ("page", "campaign", "consent"))
    return SentContext(
        page=SentPage(*_texts(page, "url", "title", "referrer", "search")) if isinstance(page, dict) else None,
        campaign=Campaign(*_texts(campaign, *Campaign.__struct_fields__)) if isinstance(campaign, dict) else None,
        user_agent=text_of(sent.get("userAgent")),
        ip=text_of(sent.get("ip")),
        group_id=text_of(sent.get("groupId")),
        traits=_values(sent.get("traits")),
        consent=SentConsent(_values(consent.get("categoryPreferences"))) if isinstance(consent, dict) else None,
    )


def _texts(values: Values, *names: str) -> list[str | None]:
    return [text_of(values.get(name)) for name in names]


def _values(value: object) -> Values | None:
    return value if isinstance(value, dict) else None
