"""Small builders of events: what is not named is ordinary."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.events.deal import Deal, Refund
from shared.events.touchpoint import Account

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(n: float) -> datetime:
    """So many days after the start."""
    return START + timedelta(days=n)


def deal(status: str, amount: str | None, at: float, closed: float | None = None, **facts: Any) -> Deal:
    """A version of deal d1 as of day `at`; a won or lost one closed then, unless told otherwise."""
    close = at if closed is None and status != "open" else closed
    given: dict[str, Any] = {
        "deal_id": "d1",
        "source": "crm",
        "status": status,
        "amount": None if amount is None else Decimal(amount),
        "currency": "USD",
        "created_at": day(0),
        "updated_at": day(at),
        "received_at": day(at),
        "closed_at": None if close is None else day(close),
    }
    return Deal(**(given | facts))


def refund(refund_id: str, amount: str, at: float) -> Refund:
    """Money given back on day `at`."""
    return Refund(refund_id, Decimal(amount), day(at))


def account(**named: str) -> Account:
    """An account as a deal names it."""
    return Account(**named)
