"""Which company everybody belonged to when, the plain way, from all events at once; no code of lifecycle is in it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from shared.accounts import account_key, company_domain, email_domain, normalise_name
from shared.bots import is_bot
from shared.events.deal import Deal
from shared.events.person import Membership
from shared.events.touchpoint import Touchpoint
from tests.lifecycle.who_is_who import BROWSER, Name, Somebody, began_of, names_of

ORDER = ["name", "domain", "deal", "group", "explicit"]


class Said(NamedTuple):
    """Somebody said that a person belongs to a company."""

    of: Name
    rule: str
    key: str
    at: datetime
    id: str
    trusted: bool


class Card(NamedTuple):
    """A company as somebody named it; `rank`: 0 public, 1 by a deal's contacts, 2 trusted."""

    id: str
    domain: str
    name_key: str
    rank: int
    at: datetime
    event: str
    name: str


def latest(events: Iterable[object]) -> list[Deal]:
    """The version of each deal that counts."""
    newest: dict[str, Deal] = {}
    for event in events:
        if isinstance(event, Deal):
            known = newest.get(event.deal_id)
            order = (event.updated_at, event.received_at, event.position)
            if known is None or order > (known.updated_at, known.received_at, known.position):
                newest[event.deal_id] = event
    return list(newest.values())


class Companies:
    """What a set of events says about companies."""

    def __init__(self, events: Iterable[object]) -> None:
        self.said: list[Said] = []
        self.cards: list[Card] = []
        self.sure: set[Name] = set()
        events = list(events)
        for event in events:
            if isinstance(event, Touchpoint):
                if not is_bot(event.user_agent):
                    self._touch(event)
            elif isinstance(event, Deal):
                self.sure |= {("email", contact) for contact in event.contacts}
            else:
                self.sure |= set(names_of(event))
        for deal in latest(events):
            self._deal(deal)

    def _touch(self, event: Touchpoint) -> None:
        names = names_of(event)
        if event.trusted:
            self.sure |= set(names)
        account = event.account
        key = None if account is None else account_key(account.id, account.domain, account.name)
        if account is None or key is None:
            return
        rule = "explicit" if account.id else "domain" if key.startswith("domain:") else "name"
        subject = names[0] if names else (BROWSER, event.anonymous_id or "")
        self.said.append(Said(subject, "group" if event.group_call else rule, key, event.occurred_at,
                              event.touchpoint_id, event.trusted))  # fmt: skip
        self._card(account, 2 if event.trusted else 0, event.occurred_at, event.touchpoint_id)

    def _deal(self, deal: Deal) -> None:
        account, at, id = deal.account, began_of(deal), f"deal:{deal.deal_id}"
        key = None if account is None else account_key(account.id, account.domain, account.name)
        if account is None or key is None:
            return
        self.said += [Said(("email", contact), "deal", key, at, id, True) for contact in deal.contacts]
        self._card(account, 2, at, id)
        domains = {email_domain(contact) for contact in deal.contacts} - {None}
        if account.id and not company_domain(account.domain) and len(domains) == 1:
            self.cards.append(Card(account.id, str(domains.pop()), "", 1, at, id, ""))

    def _card(self, account: Any, rank: int, at: datetime, event: str) -> None:
        domain, name_key = company_domain(account.domain) or "", normalise_name(account.name) or ""
        self.cards.append(Card(account.id or "", domain, name_key, rank, at, event, account.name or ""))

    def _believed(self, card: Card) -> bool:
        """Whether what a card says of its id counts."""
        others = [other for other in self.cards if other.rank > 0 and other.id == card.id]
        if card.rank == 0:
            return not others
        if card.rank == 1:
            return not any(
                o.domain not in ("", card.domain) and (o.rank == 2 or (o.at, o.event) < (card.at, card.event))
                for o in others
            )
        return True

    def _joins(self, card: Card) -> bool:
        spoken = any(other.rank > 0 and other.domain == card.domain for other in self.cards)
        return self._believed(card) and not (card.rank == 0 and spoken)

    def _best(self, cards: Iterable[Card]) -> Card | None:
        return min(cards, key=lambda c: (-c.rank, c.at, c.event, c.id, c.domain, c.name_key), default=None)

    def resolve(self, key: str) -> tuple[str, str | None, str | None]:
        """The account of a key, its domain and its name."""
        if key.startswith("name:"):
            named = [c for c in self.cards if f"name:{c.name_key}" == key and (c.id or c.domain)]
            if card := self._best(named):
                key = card.id or f"domain:{card.domain}"
        if key.startswith("domain:"):
            joining = [c for c in self.cards if c.id and f"domain:{c.domain}" == key and self._joins(c)]
            if card := self._best(joining):
                key = card.id
        if key.startswith("domain:"):
            domain: str | None = key.removeprefix("domain:")
            named = [c for c in self.cards if f"domain:{c.domain}" == key]
        elif key.startswith("name:"):
            domain, named = None, [c for c in self.cards if f"name:{c.name_key}" == key]
        else:
            named = [c for c in self.cards if c.id == key]
            card = self._best(c for c in named if c.domain and self._believed(c))
            domain = card.domain if card else None
        card = self._best(c for c in named if c.name_key)
        return key, domain, card.name if card else None

    def of(self, person: Somebody) -> tuple[Membership, ...]:
        """Where a person belonged, from when to when."""
        mine = list(self.said)
        for name, (at, id) in person.strong.items():
            if name[0] == "email" and (domain := email_domain(name[1])):
                mine.append(Said(name, "domain", f"domain:{domain}", at, id, name in self.sure))
        first: dict[tuple[object, ...], Said] = {}
        for said in mine:  # said again later, by the same rule, it is the same claim
            of = (said.of, said.rule, said.key, said.trusted, said.id if said.rule == "deal" else "")
            if of not in first or (said.at, said.id) < (first[of].at, first[of].id):
                first[of] = said
        mine = [said for said in first.values() if person.did(said.of, said.at)]
        moments = sorted({said.at for said in mine})
        found: list[tuple[datetime | None, str, str]] = []
        for moment in moments:
            until_now = [said for said in mine if said.at <= moment]
            best = max(until_now, key=lambda s: (s.trusted, ORDER.index(s.rule), s.at, s.id, s.key))
            account = self.resolve(best.key)[0]
            since = moment if found else None
            if found and found[-1][1] == account:
                since = found.pop()[0]
            found.append((since, account, best.rule))
        found = found[-50:]
        return tuple(
            Membership(account, rule, *self.resolve(account)[1:], since if n else None,
                       found[n + 1][0] if n + 1 < len(found) else None)
            for n, (since, account, rule) in enumerate(found)
        )  # fmt: skip
