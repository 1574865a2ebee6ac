"""Seeded events as request bodies: what a B2B web site sends on a busy day.

Of ten touchpoints of a visitor nine are page views; one visitor in five fills in a form and is known by email from then
on. An event is about 500 bytes, as in FACTS' measurements.
"""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CAMPAIGNS = (
    {"source": "google", "medium": "cpc", "name": "brand-search"},
    {"source": "linkedin", "medium": "paid-social", "name": "abm-q1"},
    {"source": "newsletter", "medium": "email", "name": "nurture-2"},
    None,
    None,
)
REFERRERS = ("https://www.google.com/", "https://www.linkedin.com/feed/", None)
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
TOUCHES_PER_VISITOR = 10


def touchpoints(count: int, prefix: str, seed: int = 1) -> Iterator[dict[str, object]]:
    """`count` native touchpoints; `prefix` keeps the ids of two runs apart."""
    chance = random.Random(seed)
    for n in range(count):
        visitor, step = divmod(n, TOUCHES_PER_VISITOR)
        known = visitor % 5 == 0 and step >= 4
        event: dict[str, object] = {
            "id": f"{prefix}-{n}",
            "kind": "form_submit" if visitor % 5 == 0 and step == 4 else "page_view",
            "occurred_at": (START + timedelta(seconds=visitor % 28_800 + 40 * step)).isoformat(),
            "anonymous_id": f"{prefix}-visitor-{visitor}",
            "page": {
                "url": f"https://www.example.com/product/{chance.randrange(400)}?from=list",
                "title": "closedloop - revenue by channel",
                "referrer": REFERRERS[visitor % 3] if step == 0 else None,
            },
            "user_agent": AGENT,
            "ip": "203.0.113.7",
        }
        if known:
            event["email"] = f"buyer{visitor}@company{visitor // 25}.example"
        if campaign := CAMPAIGNS[visitor % 5]:
            event["campaign"] = campaign
        yield event


def shuffled_in_windows(events: Iterator[dict[str, object]], window: int = 5000) -> Iterator[dict[str, object]]:
    """The same events, mixed within windows, so that visitors interleave as they do on a site."""
    chance = random.Random(7)
    held: list[dict[str, object]] = []
    for event in events:
        held.append(event)
        if len(held) == window:
            chance.shuffle(held)
            yield from held
            held = []
    yield from held


def singles(count: int, prefix: str) -> list[bytes]:
    """Bodies of one touchpoint each."""
    return [json.dumps(event).encode() for event in shuffled_in_windows(touchpoints(count, prefix))]


def batches(count: int, prefix: str, size: int = 100) -> list[bytes]:
    """Bodies of `size` touchpoints each."""
    events = list(shuffled_in_windows(touchpoints(count, prefix)))
    return [json.dumps({"touchpoints": events[at : at + size]}).encode() for at in range(0, count, size)]


def segment_batches(count: int, prefix: str, size: int = 100) -> list[bytes]:
    """The same visits as Segment's browser library sends them, `size` calls in a body."""
    calls = [_call(event) for event in shuffled_in_windows(touchpoints(count, prefix))]
    return [json.dumps({"batch": calls[at : at + size]}).encode() for at in range(0, count, size)]


def _call(event: dict[str, Any]) -> dict[str, Any]:
    page = event["page"]
    known = "email" in event
    call = {
        "type": "track" if event["kind"] == "form_submit" else "page",
        "messageId": event["id"],
        "anonymousId": event["anonymous_id"],
        "timestamp": event["occurred_at"],
        "context": {
            "page": {"url": page["url"], "title": page["title"], "referrer": page["referrer"], "path": "/product"},
            "campaign": event.get("campaign", {}),
            "userAgent": AGENT,
            "ip": "203.0.113.7",
            "locale": "en-US",
            "library": {"name": "analytics.js", "version": "2.1.0"},
        },
        "properties": {"path": "/product", "title": page["title"], "url": page["url"]},
        "integrations": {},
    }
    if event["kind"] == "form_submit":
        call["event"] = "Form Submitted"
    if known:
        call["context"]["traits"] = {"email": event["email"]}
    return call


def deals(count: int, prefix: str) -> Iterator[dict[str, object]]:
    """Won deals of the companies that `touchpoints(prefix)` made, each with one contact."""
    for n in range(count):
        visitor = n * 5
        closed = START + timedelta(days=20)
        yield {
            "id": f"{prefix}-deal-{n}",
            "account": {"id": f"{prefix}-account-{n}", "name": f"Company {n}"},
            "contacts": [f"buyer{visitor}@company{visitor // 25}.example"],
            "status": "won",
            "amount": f"{1000 + n % 977}.{n % 100:02d}",
            "currency": "USD",
            "created_at": (START + timedelta(days=3)).isoformat(),
            "closed_at": closed.isoformat(),
            "updated_at": closed.isoformat(),
        }
