"""One whole item of every kind, and values that break things, for any place in them."""

import json
from collections.abc import Iterator
from typing import Any

TOUCHPOINT = {
    "id": "1", "kind": "page_view", "occurred_at": "2026-03-01T00:00:00Z", "sent_at": "2026-03-01T00:00:01Z",
    "anonymous_id": "a-1", "user_id": "u-1", "previous_id": "u-0", "email": "ann@acme.com", "ids": {"hubspot": "7"},
    "account": {"id": "A1", "domain": "acme.com", "name": "Acme"},
    "page": {"url": "https://acme.com/", "title": "t", "referrer": "r"},
    "campaign": {"source": "s", "medium": "m", "name": "n", "term": "t", "content": "c", "id": "i"},
    "click_ids": {"gclid": "g"}, "properties": {"deep": [{"x": 1}]}, "consent": {"marketing": "granted"},
    "user_agent": "agent", "ip": "203.0.113.7",
}  # fmt: skip
CALL = {
    "type": "track", "messageId": "m", "anonymousId": "a-1", "userId": "u-1", "event": "Form Submitted", "name": "n",
    "timestamp": "2026-03-01T00:00:00Z", "originalTimestamp": "2026-03-01T00:00:00Z", "sentAt": "2026-03-01T00:00:01Z",
    "groupId": "g", "previousId": "u-0", "properties": {"email": "ann@acme.com", "deep": [{"x": 1}]},
    "traits": {"email": "ann@acme.com", "name": "Acme", "domain": "acme.com"},
    "context": {
        "page": {"url": "https://acme.com/", "search": "?gclid=1", "title": "t", "referrer": "r"}, "groupId": "g",
        "campaign": {"source": "s", "medium": "m"}, "userAgent": "agent", "ip": "203.0.113.7", "traits": {"email": "e"},
        "consent": {"categoryPreferences": {"marketing": True}},
    },
}  # fmt: skip
DEAL = {
    "id": "D1", "status": "won", "amount": "10.50", "currency": "EUR", "created_at": "2026-01-01T00:00:00Z",
    "closed_at": "2026-02-01T00:00:00Z", "updated_at": "2026-02-01T00:00:00Z", "owner": "kim", "name": "n",
    "account": {"id": "A1", "domain": "acme.com", "name": "Acme"}, "contacts": ["ann@acme.com"], "type": "new",
    "stage": "won", "referred_by": "someone",
    "refunds": [{"id": "r", "amount": "1", "at": "2026-02-02T00:00:00Z", "reason": "late"}],
}  # fmt: skip
ACTION = {
    "action": "rejected", "id": "1", "occurred_at": "2026-02-01T00:00:00Z", "person_id": "p", "email": "ann@acme.com",
    "user_id": "u-1", "owner": "kim", "reason": "budget", "actor": "lee",
}  # fmt: skip
SPEND = {
    "day": "2026-02-01", "source": "google", "medium": "cpc", "campaign": "brand", "cost": "1.5", "currency": "EUR",
    "updated_at": "2026-02-02T00:00:00Z",
}  # fmt: skip
RATE = {"day": "2026-02-01", "base": "EUR", "quote": "USD", "rate": "1.1"}
SAMPLES: dict[str, dict[str, Any]] = {
    "/v1/touchpoints": TOUCHPOINT, "/v1/batch": CALL, "/v1/alias": CALL, "/v1/group": CALL, "/v1/identify": CALL,
    "/v1/page": CALL, "/v1/deals": DEAL, "/v1/lead-actions": ACTION, "/v1/spend": SPEND, "/v1/fx-rates": RATE,
}  # fmt: skip

HERE = "@here@"
NASTY = (
    b"NaN", b"-Infinity", b"1e999", b"1e-999999999", b"-0", b"0", b"1" * 30, b"9" * 5000, b'"1e-999999999"',
    b'"NaN"', b'"sNaN"', b'"1e13"', b'"9999999999999.999999"', b'"' + b"0" * 100 + b'"', b"true", b"null", b'""',
    b'"  "', b"[]", b"{}", b'"undefined"', b'"\\ud83d"', b'"\\u0000"', b'"a\\u0000b"', b'{"\\u0000":1}',
    b'{"\\udfff":"x"}', b'"\xff"', b'"\xed\xa0\x80"', b'{"\xff":1}', b"[" * 1000 + b"]" * 1000,
    b'{"a":' * 900 + b"1" + b"}" * 900,
    b'"0001-01-01T00:00:00+14:00"', b'"9999-12-31T23:59:59-14:00"', b'"1969-12-31T00:00:00Z"', b'"2099-01-01"',
    b'"2099-12-31T23:59:59-23:00"', b'"2000-01-01T00:00:00+23:59"', b'"1999-06-01T00:00:00Z"', b'"9999-01-01"',
    b'"' + b"x" * 600 + b'"', b'"' + "\U0001f600".encode() * 400 + b'"', b'"a <a@b.com>"', b'"a<a@b.com>"',
    b'"\\u2028\\ufffe\\uffff"', b'"nul"', b'"eu:1"', b'"[object Object]"', b'"custom:x"', b'"deleted"',
    b'"identify"', b"nope", b"'x'", b"01", b'"tab\there"', b'"bad \\q escape"', b"[1,,2]", b"[1 2]",
    b'{"a" 1}', b"{1:2}", b"+1",
)  # fmt: skip
"""JSON values, and what is nearly one but whose brackets match."""


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a value."""
    if at:
        yield at
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in members:
        yield from places(inner, (*at, name))


def broken(sample: dict[str, Any], at: tuple[Any, ...], value: bytes) -> bytes:
    """The sample as JSON, with a value (or what is nearly one) at a place."""
    copy = json.loads(json.dumps(sample))
    inner = copy
    for name in at[:-1]:
        inner = inner[name]
    inner[at[-1]] = HERE
    return json.dumps(copy).encode().replace(f'"{HERE}"'.encode(), value)
