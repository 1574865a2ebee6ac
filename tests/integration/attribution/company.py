"""Small builders of events, and a company's worth of random ones."""

import random
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from shared.events.deal import Deal, Refund
from shared.events.person import IdentifierSpan, Person, PersonAccount
from shared.events.spend import FxRate, Spend
from shared.events.touchpoint import Account, Campaign, Touchpoint

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
ADS, MAIL, SOCIAL = Campaign("google", "cpc"), Campaign("hubspot", "email"), Campaign("linkedin", "social")


def day(n: float) -> datetime:
    """So many days after the start."""
    return START + timedelta(days=n)


def named(*parts: object) -> str:
    """The same id for the same parts."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(map(str, parts))))


def touch(name: str, at: float, campaign: Campaign | None = ADS, **facts: Any) -> Touchpoint:
    """A page view of anonymous visitor a1."""
    given: dict[str, Any] = {"kind": "page_view", "source": "web", "campaign": campaign}
    given |= {"occurred_at": day(at), "received_at": day(at)}
    whose = {} if facts.keys() & {"anonymous_id", "email", "user_id"} else {"anonymous_id": "a1"}
    return Touchpoint(touchpoint_id=named("touch", name), **(given | whose | facts))


def person(name: str = "ann", version: int = 1, account: str | None = "acme", **facts: Any) -> Person:
    """ann@acme.com, who is visitor a1."""
    given: dict[str, Any] = {"identifiers": (email(f"{name}@acme.com"), IdentifierSpan("anonymous_id", "a1"))}
    company = PersonAccount(account, "explicit", f"{account}.com") if account else None
    return Person(named("person", name), version, account=company, **(given | facts))


def email(address: str) -> IdentifierSpan:
    """An email identifier."""
    return IdentifierSpan("email", address)


def deal(status: str, amount: str | None, at: float, closed: float | None = None, **facts: Any) -> Deal:
    """A version of acme's deal d1 as of day `at`; a won or lost one closed then, unless told otherwise."""
    close = at if closed is None and status != "open" else closed
    given = {
        "deal_id": "d1",
        "source": "crm",
        "status": status,
        "amount": None if amount is None else Decimal(amount),
        "currency": "USD",
        "created_at": day(0),
        "updated_at": day(at),
        "received_at": day(at),
        "closed_at": None if close is None else day(close),
        "account": Account(id="acme"),
    }
    return Deal(**(given | facts))


def refund(refund_id: str, amount: str, at: float) -> Refund:
    """Money given back on day `at`."""
    return Refund(refund_id, Decimal(amount), day(at))


def fx(base: str, quote: str, on: date, rate: str) -> FxRate:
    """A published rate."""
    return FxRate(on, base, quote, Decimal(rate), START)


def random_company(seed: int) -> list[msgspec.Struct]:
    """Touches, people (with older versions, merges and changes of hands), deals (with versions), spend and rates."""
    chance = random.Random(seed)
    campaigns = [ADS, MAIL, SOCIAL, None]
    events: list[msgspec.Struct] = []
    for n in range(150):
        who = chance.randrange(12)
        by = {"anonymous_id": f"a{who}"} | ({"email": f"p{who}@c{who % 4}.com"} if chance.random() < 0.2 else {})
        kind = chance.choice(["page_view", "form_submit", "email_sent", "meeting", "ad_click"])
        events.append(touch(f"{seed}/{n}", chance.randrange(80) / 2, chance.choice(campaigns), kind=kind, **by))
    for who in range(12):
        account = PersonAccount(f"domain:c{who % 4}.com", "domain", f"c{who % 4}.com")
        lead = day(chance.randrange(30)) if chance.random() < 0.6 else None
        since = day(chance.randrange(30)) if who % 3 == 0 else None
        spans = (email(f"p{who}@c{who % 4}.com"), IdentifierSpan("anonymous_id", f"a{who}", since=since))
        if since:  # before that moment the browser was the next person's
            following = (IdentifierSpan("anonymous_id", f"a{who}", until=since), email(f"p{who + 1}@c0.com"))
            events.append(Person(named("q", who), 1, following, PersonAccount("domain:c0.com", "domain", "c0.com")))
        events.append(Person(named("p", who), 1, spans[1:]))
        events.append(Person(named("p", who), 2, spans, account, lead_created_at=lead))
        if who % 5 == 4:
            events.append(Person(named("p", who), 3, (), None, merged_into=named("p", who - 1)))
            events.append(Person(named("p", who - 1), 9, spans, account, lead_created_at=lead))
    for n in range(12):
        at = chance.randrange(5, 20)
        facts: dict[str, Any] = {"deal_id": f"d{n}", "currency": chance.choice(["USD", "EUR", "JPY"])}
        facts["account"] = chance.choice([None, Account(domain=f"c{n % 4}.com"), Account(name=f"C{n % 4}")])
        facts["contacts"] = (f"p{n}@c{n % 4}.com",)
        back = (refund("r", f"{chance.randrange(1, 4000)}", at + 3),)
        amounts = [str(chance.randrange(1, 90_000)) for _ in range(3)]
        versions = [
            deal("open", amounts[0], at, **facts),
            deal("won", amounts[1], at + 1, **facts),
            deal("won", amounts[1], at + 4, at + 1, refunds=back, **facts),
            deal("open", amounts[1], at + 5, refunds=back, **facts),
            deal("won", amounts[2], at + 9, **facts),
        ]
        events += versions[: chance.randrange(1, 6)]
    for n in range(20):
        euro = n % 2 == 0
        on = day(n).date()
        cost = Decimal(chance.randrange(100)), "EUR" if euro else "USD"
        events.append(Spend(on, "google", "cpc", *cost, day(n), day(n), campaign="brand"))
        events.append(fx("EUR", "USD", on, f"1.{chance.randrange(10, 20)}") if euro else fx("USD", "JPY", on, "150.5"))
    return events
