"""A deal as the CRM sees it now."""

from datetime import datetime
from decimal import Decimal

import msgspec

from services.ingest.domain.amounts import amount_of
from services.ingest.domain.currencies import currency_of
from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import rejected
from services.ingest.domain.text import email_of, identifier
from services.ingest.domain.times import OLDEST, utc
from shared.events.deal import Deal, DealStatus, DealType, Refund
from shared.events.touchpoint import Account

NO_CURRENCY = "XXX"
"""ISO 4217's code for none: of an open or lost deal that has no amount yet."""


class NativeRefund(msgspec.Struct, gc=False):
    """Money given back; `amount` is positive."""

    id: str | int
    amount: Decimal
    at: datetime
    reason: str | None = None


class NativeDeal(msgspec.Struct, gc=False):
    """One deal as sent. `id` and `status` are required; an open or lost deal may have no amount yet."""

    id: str | int
    status: DealStatus
    amount: Decimal | None = None
    currency: str | None = None
    created_at: datetime | None = None
    closed_at: datetime | None = None
    updated_at: datetime | None = None
    account: Account | None = None
    contacts: list[str] = []
    owner: str | None = None
    name: str | None = None
    type: DealType = "new"
    stage: str | None = None
    refunds: list[NativeRefund] = []
    referred_by: str | None = None


def normalise(sent: NativeDeal, receipt: Receipt, index: int) -> Deal:
    """The deal as it travels on. Raises Rejected.

    Without `updated_at` this is its newest version, as of the receipt. Without `created_at` it began when it was
    closed, or else with the version first seen.
    """
    deal_id = identifier(sent.id, "id")
    if deal_id is None:
        raise rejected("id", "is required: the CRM's own id of the deal")
    if sent.amount is None and sent.status == "won":
        raise rejected("amount", "is required: without it a won deal earns nobody credit")
    if sent.amount is not None and sent.currency is None:
        raise rejected("currency", "is required with an amount: an ISO 4217 code such as EUR or USD")
    if sent.status != "open" and sent.closed_at is None:
        raise rejected("closed_at", f"is required: when the deal was {sent.status}")
    closed_at = _time(sent.closed_at, "closed_at") if sent.status != "open" else None
    updated_at = _time(sent.updated_at, "updated_at") or receipt.received_at
    contacts = [email_of(contact, f"contacts[{at}]") for at, contact in enumerate(sent.contacts)]
    return Deal(
        deal_id=deal_id,
        source=receipt.sender.name,
        status=sent.status,
        amount=amount_of(sent.amount or Decimal(0), "amount"),
        currency=currency_of(sent.currency) if sent.currency is not None else NO_CURRENCY,
        created_at=_time(sent.created_at, "created_at") or closed_at or updated_at,
        updated_at=updated_at,
        received_at=receipt.received_at,
        account=_account(sent.account),
        contacts=tuple(dict.fromkeys(email for email in contacts if email)),
        owner=sent.owner,
        name=sent.name,
        type=sent.type,
        stage=sent.stage,
        closed_at=closed_at,
        refunds=tuple(_refund(refund, f"refunds[{at}]") for at, refund in enumerate(sent.refunds)),
        referred_by=identifier(sent.referred_by, "referred_by"),
    )


def key_of(deal: Deal) -> str:
    """What decides the partition: the versions of a deal stay in order."""
    return deal.deal_id


def _refund(sent: NativeRefund, path: str) -> Refund:
    refund_id = identifier(sent.id, f"{path}.id")
    at = _time(sent.at, f"{path}.at")
    if refund_id is None or at is None:
        raise rejected(f"{path}.id", "is required: it makes the same refund sent twice count once")
    return Refund(refund_id, amount_of(sent.amount, f"{path}.amount"), at, sent.reason)


def _account(account: Account | None) -> Account | None:
    if account is not None:
        identifier(account.id, "account.id")
        identifier(account.domain, "account.domain")
    return account


def _time(moment: datetime | None, path: str) -> datetime | None:
    if moment is None:
        return None
    try:
        found = utc(moment)
    except OverflowError:
        found = OLDEST.replace(year=1)
    if found < OLDEST:
        raise rejected(path, "is before the year 2000")
    return found
