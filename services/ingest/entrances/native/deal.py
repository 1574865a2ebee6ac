"""A deal as the CRM sees it now."""

from datetime import datetime
from decimal import Decimal

import msgspec

from services.ingest.domain.amounts import amount_of
from services.ingest.domain.company import company
from services.ingest.domain.currencies import currency_of
from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import rejected
from services.ingest.domain.text import identifier, shorter_than
from services.ingest.domain.times import clamped, expected
from services.ingest.domain.who import event_id, known_email
from shared.events.deal import Deal, DealStatus, DealType, Refund
from shared.events.touchpoint import Account
from shared.text import REASON

NO_CURRENCY = "XXX"
"""ISO 4217's code for none: of a deal that has no amount yet."""
NO_CLOSE, CONTACT_JUNK = "closed_at_missing", "contacts_junk"
_MOST_CONTACTS, _MOST_REFUNDS = 500, 500


class NativeRefund(msgspec.Struct, gc=False):
    """Money given back; `amount` is positive."""

    id: str | int
    amount: Decimal
    at: datetime
    reason: str | None = None


class NativeDeal(msgspec.Struct, gc=False):
    """One deal as sent. Only `id` is required; a won deal needs an amount, won and lost ones the time of their close.

    Without a status it is open; an open deal may have no amount yet.
    """

    id: str | int
    status: DealStatus | None = None
    amount: Decimal | None = None
    currency: str | None = None
    created_at: datetime | None = None
    closed_at: datetime | None = None
    updated_at: datetime | None = None
    account: Account | None = None
    contacts: list[str] | None = None
    owner: str | None = None
    name: str | None = None
    type: DealType | None = None
    stage: str | None = None
    refunds: list[NativeRefund] | None = None
    referred_by: str | None = None


def normalise(sent: NativeDeal, receipt: Receipt, index: int) -> Deal:
    """The deal as it travels on. Raises Rejected.

    Without `updated_at` this is its newest version, as of the receipt.
    """
    flags: list[str] = []
    deal_id = event_id(sent.id, receipt)
    if deal_id is None:
        raise rejected("id", "is required: the CRM's own id of the deal")
    status = sent.status or "open"
    if sent.amount is None and status == "won":
        raise rejected("amount", "is required: without it a won deal earns nobody credit")
    if sent.amount is not None and sent.currency is None:
        raise rejected("currency", "is required with an amount: an ISO 4217 code such as EUR or USD")
    updated_at = _past(sent.updated_at, "updated_at", receipt, flags)
    return Deal(
        deal_id=receipt.crm.own(deal_id, "id"),
        source=receipt.sender.name,
        status=status,
        amount=None if sent.amount is None else amount_of(sent.amount, "amount"),
        currency=currency_of(sent.currency) if sent.currency is not None else NO_CURRENCY,
        created_at=_past(sent.created_at, "created_at", receipt, flags),
        updated_at=updated_at or receipt.received_at,
        received_at=receipt.received_at,
        account=_account(sent.account, receipt, flags),
        contacts=_contacts(sent.contacts or [], receipt, flags),
        owner=identifier(sent.owner, "owner"),
        name=identifier(sent.name, "name"),
        type=sent.type or "new",
        stage=identifier(sent.stage, "stage"),
        closed_at=_closed_at(sent, status, updated_at, receipt, flags),
        refunds=_refunds(sent.refunds or [], receipt, flags),
        referred_by=identifier(sent.referred_by, "referred_by"),
        crm=receipt.crm.name,
        flags=tuple(flags),
        position=index,
    )


def key_of(deal: Deal) -> str:
    """What decides the partition: the versions of a deal stay in order."""
    return deal.deal_id


def _closed_at(
    sent: NativeDeal, status: DealStatus, updated_at: datetime | None, receipt: Receipt, flags: list[str]
) -> datetime | None:
    """When it was closed: the version's own time when the CRM does not say. An open deal has only an expected close."""
    if status == "open":
        if sent.closed_at is not None:
            expected(sent.closed_at, "closed_at")
        return None
    closed_at = _past(sent.closed_at, "closed_at", receipt, flags)
    if closed_at is not None or status == "deleted":
        return closed_at
    if updated_at is None:
        raise rejected("closed_at", f"is required (or at least updated_at): when the deal was {status}")
    flags.append(NO_CLOSE)
    return updated_at


def _past(moment: datetime | None, path: str, receipt: Receipt, flags: list[str]) -> datetime | None:
    return None if moment is None else clamped(moment, receipt.received_at, path, flags, f"{path}_clamped")


def _contacts(sent: list[str], receipt: Receipt, flags: list[str]) -> tuple[str, ...]:
    if len(sent) > _MOST_CONTACTS:
        raise rejected("contacts", f"has {len(sent)} entries; the most is {_MOST_CONTACTS}")
    junk: list[str] = []
    found = [known_email(contact, f"contacts[{at}]", receipt, junk) for at, contact in enumerate(sent)]
    if junk:
        flags.append(CONTACT_JUNK)
    return tuple(dict.fromkeys(email for email in found if email))


def _refunds(sent: list[NativeRefund], receipt: Receipt, flags: list[str]) -> tuple[Refund, ...]:
    if len(sent) > _MOST_REFUNDS:
        raise rejected("refunds", f"has {len(sent)} entries; the most is {_MOST_REFUNDS}")
    return tuple(_refund(refund, f"refunds[{at}]", receipt, flags) for at, refund in enumerate(sent))


def _refund(sent: NativeRefund, path: str, receipt: Receipt, flags: list[str]) -> Refund:
    refund_id = identifier(sent.id, f"{path}.id")
    if refund_id is None:
        raise rejected(f"{path}.id", "is required: it makes the same refund sent twice count once")
    at = clamped(sent.at, receipt.received_at, f"{path}.at", flags, f"{path}.at_clamped")
    return Refund(
        refund_id, amount_of(sent.amount, f"{path}.amount"), at, shorter_than(sent.reason, REASON, f"{path}.reason")
    )


def _account(sent: Account | None, receipt: Receipt, flags: list[str]) -> Account | None:
    return None if sent is None else company(sent.id, sent.domain, sent.name, receipt, flags)
