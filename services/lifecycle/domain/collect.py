"""Events -> facts. The hottest code of the service: most touches are of visitors known already and end after a look-up.

`Known` remembers what the database is certain to hold. Everything in it only ever grows in one direction (a first
sight gets earlier, a last sight later), so an entry may be stale and still be right about what would change nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations
from typing import NamedTuple

from services.lifecycle.domain.accounts.claims import Named, claimed, named
from services.lifecycle.domain.identity.links import WEAK, Key, Link
from services.lifecycle.domain.identity.strong import FORM, SECRET
from services.lifecycle.domain.stages.rules import ACTION, Lifecycle
from services.lifecycle.domain.stages.state import Signal
from shared.accounts import email_domain
from shared.bots import is_bot
from shared.events.deal import Deal
from shared.events.lead_action import LeadAction
from shared.events.touchpoint import Touchpoint

MINUTE = timedelta(minutes=1)
MOST_IN_ONE_EVENT = 10
"""Strong identifiers of one event that are linked with each other; nobody has more, and each pair is a row."""

OWN_FORMS = frozenset({"form_submit", "product_signup"})
"""Kinds in which a person tells who they are: by a public key too, that attests an email."""

First = tuple[datetime, str]
"""The first appearance of something: its time and the event's id."""

ClaimOf = tuple[Key, str, str, bool]
"""Of whom, by which rule, on which account key, and whether it came with a secret key."""

ObjectOf = tuple[Named, bool]
"""An account object, and whether it came with a secret key."""

ACCOUNT = "account"
"""The kind of a signal's subject when a deal lists no contacts: everybody of the account."""


@dataclass(slots=True)
class Sight:
    """When an identifier was seen first (with the event) and last, and by what it is attested, within one batch."""

    first_at: datetime
    first_id: str
    last_at: datetime
    attested: int


class Together(NamedTuple):
    """Two strong identifiers were in one event: the first such event, and whether any came with a secret key."""

    first: First
    trusted: bool


class WeakLink(NamedTuple):
    """An event that carried a weak and a strong identifier, with its receipt."""

    receipt: "Receipt"
    link: Link


class Receipt(NamedTuple):
    """When an event was received, and its place in its request: of two receipts of one event the lesser stands."""

    at: datetime
    position: int


class Act(NamedTuple):
    """A signal that an event gave, under the identifier that did it, with the receipt of the event."""

    receipt: Receipt
    subject: Key
    signal: Signal

    @property
    def order(self) -> tuple[Receipt, Key, datetime, str, str, str]:
        """The receipt that stands is the least; should two be received at one moment, their content decides."""
        said = self.signal
        return self.receipt, self.subject, said.at, said.kind, said.reason or "", said.owner or ""


@dataclass(slots=True)
class Known:
    """What is certainly stored already.

    Of identifiers: (first seen, end of the minute last seen, attested); of the rest when it was first said. `accounts`
    are keys, a dict only to be forgotten oldest first as the others are.
    """

    identifiers: dict[Key, tuple[datetime, datetime, int]] = field(default_factory=dict)
    pairs: dict[tuple[Key, Key], tuple[datetime, bool]] = field(default_factory=dict)
    claims: dict[ClaimOf, datetime] = field(default_factory=dict)
    objects: dict[ObjectOf, datetime] = field(default_factory=dict)
    accounts: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Facts:
    """What a batch says, without what changes nothing."""

    sights: dict[Key, Sight] = field(default_factory=dict)
    pairs: dict[tuple[Key, Key], Together] = field(default_factory=dict)
    links: dict[str, dict[str, WeakLink]] = field(default_factory=dict)
    acts: dict[str, Act] = field(default_factory=dict)
    claims: dict[ClaimOf, First] = field(default_factory=dict)
    objects: dict[ObjectOf, tuple[datetime, str, str]] = field(default_factory=dict)
    account_keys: set[str] = field(default_factory=set)
    deals: list[Deal] = field(default_factory=list)
    actions: list[LeadAction] = field(default_factory=list)

    def act(self, act: Act) -> None:
        """Somebody did something: one event is one act, whatever times its other receipts tell."""
        known = self.acts.get(act.signal.id)
        if known is None or act.order < known.order:
            self.acts[act.signal.id] = act

    def pair(self, one: Key, other: Key, first: First, trusted: bool) -> None:
        """Two strong identifiers were seen in one event."""
        known = self.pairs.get((one, other))
        if known is not None:
            first, trusted = min(first, known.first), trusted or known.trusted
        self.pairs[one, other] = Together(first, trusted)

    def link(self, weak: str, link: Link, receipt: "Receipt") -> None:
        """A weak and a strong identifier were seen in one event."""
        of = self.links.setdefault(weak, {})
        known, this = of.get(link.event_id), WeakLink(receipt, link)
        if known is None or this < known:
            of[link.event_id] = this

    def see(self, key: Key, at: datetime, event_id: str, attested: int) -> None:
        """An identifier was seen."""
        sight = self.sights.get(key)
        if sight is None:
            self.sights[key] = Sight(at, event_id, at, attested)
            if key[0] == "email" and (domain := email_domain(key[1])):
                self.account_keys.add(f"domain:{domain}")
            return
        sight.attested = max(sight.attested, attested)
        if at > sight.last_at:  # the usual case first: a batch comes nearly in order
            sight.last_at = at
        elif at < sight.first_at or (at == sight.first_at and event_id < sight.first_id):
            sight.first_at, sight.first_id = at, event_id


def collect(events: Iterable[object], config: Lifecycle, known: Known) -> Facts:
    """The facts in a batch of events. Actions that name a person by id are left in `actions` to be looked up."""
    facts = Facts()
    seen, signals = known.identifiers, config.touch_signals
    for event in events:
        if type(event) is Touchpoint:
            agent = event.user_agent
            if agent is not None and is_bot(agent):
                continue  # a program is nobody's lead: it is neither seen, linked nor counted
            anonymous, account = event.anonymous_id, event.account
            if (
                event.user_id is None
                and event.email is None
                and not event.ids
                and account is None
                and not event.previous_id
            ):
                if anonymous is None:
                    continue
                key, at = (WEAK, anonymous), event.occurred_at
                if event.kind in signals and event.consent != "denied":
                    receipt = Receipt(event.received_at, event.position)
                    facts.act(Act(receipt, key, Signal(at, event.touchpoint_id, event.kind)))
                elif (span := seen.get(key)) is not None and span[0] < at < span[1]:
                    continue
                facts.see(key, at, event.touchpoint_id, 0)
            else:
                _touchpoint(event, facts, config, known)
        elif isinstance(event, Deal):
            _deal(event, facts)
        elif isinstance(event, LeadAction):
            if event.email is None and event.user_id is None:
                facts.actions.append(event)
            else:
                act(event, strong_keys(event.email, event.user_id, {}), facts)
    return facts


def strong_keys(
    email: str | None, user_id: str | None, ids: dict[str, str], previous_id: str | None = None
) -> list[Key]:
    """The strong identifiers of an event, the strongest first: that one is the subject of its signal.

    An event that names more than `MOST_IN_ONE_EVENT` is taken at its word for the strongest only.
    """
    keys = [("email", email)] if email else []
    if user_id:
        keys.append(("user_id", user_id))
    if previous_id and previous_id != user_id:
        keys.append(("user_id", previous_id))
    if ids:
        keys += [(f"crm:{provider}", value) for provider, value in sorted(ids.items()) if value]
    return keys[:MOST_IN_ONE_EVENT]


def _touchpoint(event: Touchpoint, facts: Facts, config: Lifecycle, known: Known) -> None:
    at, event_id, anonymous = event.occurred_at, event.touchpoint_id, event.anonymous_id
    strong = strong_keys(event.email, event.user_id, event.ids, event.previous_id)
    if not strong and not anonymous:
        return
    subject = strong[0] if strong else (WEAK, anonymous or "")
    attested = SECRET if event.trusted else FORM if event.kind in OWN_FORMS else 0
    changed = _link(strong, (at, event_id), event.trusted, facts, known)
    if event.account is not None:
        changed |= _claim(event, subject, facts, known)
    if strong and anonymous:
        facts.link(anonymous, Link(at, event_id, subject), Receipt(event.received_at, event.position))
        changed = True
    if event.kind in config.touch_signals and event.consent != "denied":
        receipt = Receipt(event.received_at, event.position)
        facts.act(Act(receipt, subject, Signal(at, event_id, event.kind)))
        changed = True
    for key in strong:
        span = known.identifiers.get(key)
        if changed or span is None or not span[0] < at < span[1] or span[2] < attested:
            facts.see(key, at, event_id, attested)
    if anonymous:
        weak = (WEAK, anonymous)
        span = known.identifiers.get(weak)
        if changed or span is None or not span[0] < at < span[1]:
            facts.see(weak, at, event_id, 0)


def _link(strong: list[Key], first: First, trusted: bool, facts: Facts, known: Known) -> bool:
    """Link the strong identifiers of one event, each with each."""
    changed = False
    for one, other in combinations(sorted(strong), 2) if len(strong) > 1 else ():
        before = known.pairs.get((one, other))
        if before is None or first[0] <= before[0] or (trusted and not before[1]):
            facts.pair(one, other, first, trusted)
            changed = True
    return changed


def _claim(event: Touchpoint, subject: Key, facts: Facts, known: Known) -> bool:
    account, at = event.account, event.occurred_at
    claim = claimed(account, event.group_call) if account else None
    if account is None or claim is None:
        return False
    changed = False
    of = (subject, *claim, event.trusted)
    if (before := known.claims.get(of)) is None or at <= before:
        _earliest(facts.claims, of, (at, event.touchpoint_id))
        facts.account_keys.add(claim[1])
        changed = True
    what = (named(account), event.trusted)
    if (before := known.objects.get(what)) is None or at <= before:
        _earliest(facts.objects, what, (at, event.touchpoint_id, account.name or ""))
        changed = True
    return changed


def _deal(deal: Deal, facts: Facts) -> None:
    """Contacts of every version exist; which version counts is decided against the stored one."""
    event_id = f"deal:{deal.deal_id}"
    for contact in deal.contacts:
        facts.see(("email", contact), deal.since, event_id, SECRET)
    facts.deals.append(deal)


def act(action: LeadAction, strong: list[Key], facts: Facts) -> None:
    """Take in what sales did with the person of these identifiers, the subject first."""
    event_id = f"{ACTION}{action.action_id}"
    signal = Signal(
        action.occurred_at, event_id, f"{ACTION}{action.action}", action.reason, action.owner,
        actor=action.actor, source=action.source,
    )  # fmt: skip
    facts.act(Act(Receipt(action.received_at, action.position), strong[0], signal))
    for key in strong:
        facts.see(key, action.occurred_at, event_id, SECRET)
    for one, other in combinations(sorted(strong), 2):
        facts.pair(one, other, (action.occurred_at, event_id), trusted=True)


def _earliest(into: dict, key: object, first: tuple) -> None:  # type: ignore[type-arg]  # of several first-sight maps
    if key not in into or first < into[key]:
        into[key] = first
