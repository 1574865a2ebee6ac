"""What warehouse.vanity_metrics must show, counted plainly from the events. Shares no code with what it tests."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from shared.events.person import Person
from shared.events.touchpoint import Touchpoint

Channels = dict[str, str]
"""Touchpoint id -> channel."""

Row = tuple[str, date, int, int, int]
"""Channel, month, pageviews, visitors, leads."""


def reach(events: Iterable[msgspec.Struct], channels: Channels, earning: set[str], zone: str) -> set[Row]:
    """`earning` are the ids of touches that earn credit."""
    events = list(events)
    touches = {event.touchpoint_id: event for event in reversed(events) if isinstance(event, Touchpoint)}.values()
    people: dict[str, Person] = {}
    for event in events:
        if isinstance(event, Person) and (
            event.person_id not in people or people[event.person_id].version < event.version
        ):
            people[event.person_id] = event
    pages: dict[tuple[str, date], int] = defaultdict(int)
    visitors: dict[tuple[str, date], set[str]] = defaultdict(set)
    leads: dict[tuple[str, date], int] = defaultdict(int)
    mine: dict[str, list[Touchpoint]] = defaultdict(list)
    for touch in touches:
        if who := _identity(touch):
            mine[_owner(who, touch.occurred_at, people.values()) or who].append(touch)
    for visitor, own in mine.items():
        by_month: dict[date, list[Touchpoint]] = defaultdict(list)
        for touch in sorted(own, key=lambda touch: (touch.occurred_at, touch.touchpoint_id)):
            by_month[_month(touch.occurred_at, zone)].append(touch)
        for month, there in by_month.items():
            brought, last = "", datetime(1, 1, 1, tzinfo=UTC)
            for touch in there:
                channel = channels[touch.touchpoint_id]
                if touch.occurred_at - last > timedelta(minutes=30) or channel != "Direct":
                    brought = channel
                last = touch.occurred_at
                if touch.kind == "page_view":
                    pages[brought, month] += 1
                    visitors[brought, month].add(visitor)
    for person_id, person in people.items():
        if person.lead_created_at is not None and person.merged_into is None:
            own = [t for t in mine[person_id] if t.touchpoint_id in earning]
            first = min(own, key=lambda touch: (touch.occurred_at, touch.touchpoint_id), default=None)
            won_by = channels[first.touchpoint_id] if first else "Unattributed"
            leads[won_by, _month(person.lead_created_at, zone)] += 1
    return {(*key, pages[key], len(visitors[key]), leads[key]) for key in {*pages, *leads}}


def _identity(touch: Touchpoint) -> str | None:
    if touch.email:
        return f"email:{touch.email}"
    return f"anonymous_id:{touch.anonymous_id}" if touch.anonymous_id else None


def _owner(identity: str, at: datetime, people: Iterable[Person]) -> str | None:
    claims = [
        (span.since or datetime(1, 1, 1, tzinfo=UTC), person.person_id, span.until)
        for person in people
        for span in person.identifiers
        if f"{span.kind}:{span.value}" == identity
    ]
    begun = [claim for claim in claims if claim[0] <= at]
    if not begun:
        return None
    latest = max(since for since, _, _ in begun)
    _, person_id, until = min((c for c in begun if c[0] == latest), key=lambda claim: claim[1])
    return person_id if until is None or at < until else None


def _month(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date().replace(day=1)
