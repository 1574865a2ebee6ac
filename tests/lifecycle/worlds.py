"""Random sets of events, dense enough that everything meets everything: few people, few devices, few minutes."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from shared.events.deal import Deal, DealStatus
from shared.events.lead_action import LeadActionKind
from shared.events.touchpoint import Account
from tests.lifecycle.builders import action, deal, touch

KINDS = ["page_view", "page_view", "form_submit", "content_download", "meeting", "email_open", "product_signup"]
ACTIONS: list[LeadActionKind] = ["contacted", "accepted", "rejected", "recycled", "assigned", "disqualified"]
STATUSES: list[DealStatus] = ["open", "won", "lost"]
ANONYMOUS = ["w1", "w2", "w3"]
EMAILS = ["ann@acme.test", "bob@acme.test", "cid@other.test", "dan@gmail.com", "eve@corp.test"]
USERS = ["u1", "u2", "u3", "u4"]
ACCOUNTS = [
    Account(id="A1", domain="acme.test"),
    Account(id="A2", domain="acme.test", name="Acme Inc"),
    Account(domain="other.test", name="Other"),
    Account(name="Other Ltd"),
    Account(id="A3", name="Other"),
    Account(domain="corp.test"),
    Account(id="A1"),
]


def events(seed: int, size: int) -> list[msgspec.Struct]:
    """A set of events."""
    dice = random.Random(seed)
    make: list[Callable[[random.Random, str], msgspec.Struct]] = [*[_touch] * 7, *[_action] * 2, _deal]
    made = [dice.choice(make)(dice, f"{seed}-{index}") for index in range(size)]
    return made + [_received_again(dice, dice.choice(made)) for _ in range(size // 8)]


def _received_again(dice: random.Random, event: Any) -> msgspec.Struct:
    """A touchpoint or an action as a retry tells it: the same id, other times."""
    if isinstance(event, Deal):
        return event
    later = timedelta(minutes=dice.choice([-3, 4]))
    again: msgspec.Struct = msgspec.structs.replace(
        event, occurred_at=event.occurred_at + later * dice.randrange(3), received_at=event.received_at + later
    )
    return again


def _touch(dice: random.Random, id: str) -> msgspec.Struct:
    who: dict[str, Any] = {
        "anonymous_id": dice.choice(ANONYMOUS) if dice.random() < 0.7 else None,
        "email": dice.choice(EMAILS) if dice.random() < 0.35 else None,
        "user_id": dice.choice(USERS) if dice.random() < 0.15 else None,
        "ids": {"hubspot": dice.choice("xy")} if dice.random() < 0.1 else {},
    }
    if not any(who.values()):
        who["anonymous_id"] = "w1"
    more: dict[str, Any] = {}
    if dice.random() < 0.15:
        more["account"] = dice.choice(ACCOUNTS)
        more["group_call"] = dice.random() < 0.5
    if dice.random() < 0.1:
        more["consent"] = "denied"
    if dice.random() < 0.3:
        more["trusted"] = True
    if who["user_id"] and dice.random() < 0.1:
        more["previous_id"] = dice.choice(USERS)
    if dice.random() < 0.05:
        more["user_agent"] = "Googlebot/2.1"
    return touch(id, dice.randrange(60), dice.choice(KINDS), **who, **more)


def _action(dice: random.Random, id: str) -> msgspec.Struct:
    what = dice.choice(ACTIONS)
    owner = dice.choice([None, "kim"]) if what != "assigned" else "lee"
    return action(id, dice.randrange(60), what, dice.choice(EMAILS), owner=owner, reason=dice.choice([None, "budget"]))


def _deal(dice: random.Random, id: str) -> msgspec.Struct:
    created, status = dice.randrange(40), dice.choice(STATUSES)
    return deal(
        f"d{dice.randrange(3)}",
        created,
        status,
        closed=None if status == "open" else created + dice.randrange(20),
        updated=100 + int(id.rpartition("-")[2]),  # versions of one deal differ in time
        contacts=dice.sample(EMAILS, dice.randrange(3)),
        account=dice.choice([None, *ACCOUNTS]),
    )
