"""The native touchpoint: snake_case, strictly typed, and told exactly what is wrong with it."""

import re
from datetime import datetime
from typing import Any, Literal

import msgspec

from services.ingest.domain.company import company
from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import Problem, Rejected
from services.ingest.domain.text import not_too_deep
from services.ingest.domain.times import corrected
from services.ingest.domain.who import event_id, known, known_email, known_ids, nobody
from shared.events.touchpoint import KINDS, Account, Campaign, Page, Touchpoint

_CUSTOM = re.compile(r"custom:[a-z0-9][a-z0-9_.:-]{0,99}")
_NO_KIND = f"must be one of {', '.join(sorted(KINDS))}, or custom:<name> (lower case letters, digits, _ . : -)"
_NO_PERSON = Problem(
    "anonymous_id", "give at least one of anonymous_id, user_id, email or ids, else nobody can be credited"
)


class Consent(msgspec.Struct, frozen=True, gc=False):
    """What the person agreed to."""

    marketing: Literal["granted", "denied", "unknown"] = "unknown"


class NativeTouchpoint(msgspec.Struct, gc=False):
    """One touchpoint as sent. `id`, `kind` and one identifier are required; fields it does not name are ignored."""

    id: str | int | None = None
    kind: str | None = None
    occurred_at: datetime | None = None
    sent_at: datetime | None = None
    anonymous_id: str | int | None = None
    user_id: str | int | None = None
    previous_id: str | int | None = None
    email: str | None = None
    ids: dict[str, str | int] | None = None
    account: Account | None = None
    page: Page | None = None
    campaign: Campaign | None = None
    click_ids: dict[str, str] | None = None
    properties: dict[str, Any] | None = None
    consent: Consent | None = None
    user_agent: str | None = None
    ip: str | None = None


def normalise(sent: NativeTouchpoint, receipt: Receipt, index: int) -> Touchpoint:
    """The touchpoint as it travels on. Raises Rejected with every problem found."""
    left_out: list[str] = []
    client_id = event_id(sent.id, receipt)
    anonymous_id = known(sent.anonymous_id, "anonymous_id", receipt, left_out)
    user_id = None if sent.user_id is None else known(sent.user_id, "user_id", receipt, left_out)
    email = known_email(sent.email, "email", receipt, left_out) if sent.email else None
    ids = known_ids(sent.ids, receipt, left_out) if sent.ids else {}
    kind = sent.kind
    if client_id is None or kind not in KINDS or (anonymous_id or user_id or email) is None:
        _check(client_id, kind, bool(anonymous_id or user_id or email or ids), left_out)
    if sent.properties:
        not_too_deep(sent.properties, "properties")
    account = sent.account
    if account is not None:
        account = company(account.id, account.domain, account.name, receipt, left_out)
    previous_id = None
    if sent.previous_id is not None and user_id is not None:
        previous_id = known(sent.previous_id, "previous_id", receipt, left_out)
    at, flags = corrected(sent.occurred_at, sent.sent_at or receipt.sent_at, receipt.received_at)
    # By position, in the order of the Struct: with names this line alone would take a tenth of a batch's time.
    return Touchpoint(
        receipt.sender.event_id(client_id or ""),
        receipt.sender.name,
        kind or "",
        at,
        receipt.received_at,
        anonymous_id,
        user_id,
        email,
        ids,
        account,
        sent.page,
        sent.campaign,
        sent.click_ids or {},
        sent.properties or {},
        sent.consent.marketing if sent.consent is not None else "unknown",
        sent.user_agent,
        sent.ip,
        kind == "group",
        (*flags, *left_out) if left_out else flags,
        index,
        receipt.trusted,
        previous_id if previous_id != user_id else None,
    )


def key_of(touchpoint: Touchpoint) -> str:
    """What decides the partition: one browser's touchpoints stay in order, and so do one user's."""
    return touchpoint.anonymous_id or touchpoint.user_id or touchpoint.email or next(iter(touchpoint.ids.values()), "")


def _check(client_id: str | None, kind: str | None, has_person: bool, left_out: list[str]) -> None:
    problems = []
    if client_id is None:
        problems.append(Problem("id", "is required: it makes the same event sent twice count once"))
    if kind is None:
        problems.append(Problem("kind", f"is required and {_NO_KIND}"))
    elif kind not in KINDS and not _CUSTOM.fullmatch(kind):
        problems.append(Problem("kind", _NO_KIND))
    if not has_person:
        problems.append(nobody(left_out, _NO_PERSON))
    if problems:
        raise Rejected(*problems)
