"""One version of a deal, as the CRM sent it, and the order of versions.

The order is that of `updated_at`, and of receipt between versions that claim the same moment: the one received later
stands. A version received twice counts where it was received last.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from shared.events import encode
from shared.events.deal import Deal

AHEAD = timedelta(days=1)
"""How far the CRM's clock may run ahead of ours; a time further in the future is taken to be this far."""

_ANY_TIME = datetime.min.replace(tzinfo=UTC)
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)

Order = tuple[datetime, datetime, int, str]


def version_hash(deal: Deal) -> str:
    """Sixteen hex digits of what the CRM said. When it reached us does not matter."""
    return sha256(encode(msgspec.structs.replace(deal, received_at=_ANY_TIME, position=0))).hexdigest()[:16]


def order_of(deal: Deal) -> Order:
    """What versions are ordered by: their time, then their receipt; the hash only between identical receipts."""
    return timely(deal).updated_at, deal.received_at, deal.position, version_hash(deal)


def in_order(versions: Iterable[Deal]) -> list[Deal]:
    """The distinct versions, oldest first; their times are bounded as by `timely`.

    A deletion that names no account and no contacts has those of the version before it: a CRM that deletes a deal says
    no more than its id, and what the deal had earned is taken back from whoever earned it.
    """
    distinct: dict[str, tuple[Order, Deal]] = {}
    for deal in versions:
        order = order_of(deal)
        if order[-1] not in distinct or distinct[order[-1]][0] < order:
            distinct[order[-1]] = order, deal
    ordered = [timely(deal) for _, deal in sorted(distinct.values(), key=lambda item: item[0])]
    for at in range(1, len(ordered)):
        ordered[at] = _of_whom(ordered[at], ordered[at - 1])
    return ordered


def _of_whom(deal: Deal, before: Deal) -> Deal:
    if deal.status != "deleted" or deal.account is not None or deal.contacts:
        return deal
    return msgspec.structs.replace(deal, account=before.account, contacts=before.contacts)


def timely(deal: Deal) -> Deal:
    """The deal with no time too far ahead of its receipt. When an open deal is expected to close may be any time."""
    latest = later(deal.received_at, AHEAD)
    changed: dict[str, Any] = {}
    for name in ("updated_at", "created_at") if deal.status == "open" else ("updated_at", "created_at", "closed_at"):
        at: datetime | None = getattr(deal, name)
        if at is not None and at > latest:
            changed[name] = latest
    if any(refund.at > latest for refund in deal.refunds):
        changed["refunds"] = tuple(msgspec.structs.replace(r, at=min(r.at, latest)) for r in deal.refunds)
    return msgspec.structs.replace(deal, **changed) if changed else deal


def later(at: datetime, by: timedelta) -> datetime:
    """The moment so long after; no later than time goes, where a plain sum would overflow."""
    return at + by if at < _END_OF_TIME - by else _END_OF_TIME


def opened_at(versions: Sequence[Deal]) -> datetime:
    """When the deal began: as the newest version that says so has it, else the earliest time known of it.

    `versions` oldest first, as `in_order` gives them.
    """
    for deal in reversed(versions):
        if deal.created_at is not None:
            return deal.created_at
    closes = [deal.closed_at for deal in versions if deal.closed_at is not None and deal.status != "open"]
    return min(*(deal.updated_at for deal in versions), *closes, _END_OF_TIME)
