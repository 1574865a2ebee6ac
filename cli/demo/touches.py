"""Touchpoints as a sender would write them (the native form of POST /v1/touchpoints)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from cli.demo.cast import Contact
from cli.demo.entrances import SITE, Entrance

Item = dict[str, Any]
"""One JSON object to send."""
PAGES = ("/", "/pricing", "/product", "/case-studies", "/integrations", "/blog/attribution", "/about", "/security")


@dataclass(frozen=True)
class Visitor:
    """Who is seen: a browser, an address, or both at once, which is what links the two."""

    device: str | None = None
    email: str | None = None
    agent: str | None = None


def browser(contact: Contact, device: int = 0) -> Visitor:
    """A contact seen through one of their browsers, not known by name."""
    return Visitor(contact.devices[device % len(contact.devices)], None, contact.agent)


def known(contact: Contact) -> Visitor:
    """A contact who says who they are, in their usual browser."""
    return Visitor(contact.devices[0], contact.email, contact.agent)


@dataclass
class Diary:
    """Writes down what one subject does until `end`. Ids count up from the subject's name: same story, same ids."""

    subject: str
    end: datetime
    touches: list[Item] = field(default_factory=list)
    _count: int = 0

    def add(
        self,
        kind: str,
        at: datetime,
        who: Visitor,
        *,
        path: str | None = None,
        entrance: Entrance | None = None,
        campaign: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        """One touchpoint. What would happen after the end of the story has not happened; its id stays unused."""
        self._count += 1
        if at >= self.end:
            return
        item: Item = {"id": f"{self.subject}-{self._count:03d}", "kind": kind, "occurred_at": stamp(at)}
        seen = {"anonymous_id": who.device, "email": who.email, "user_agent": who.agent}
        item |= {name: value for name, value in seen.items() if value}
        if path is not None:
            item["page"] = {"url": SITE + path}
            if entrance is not None and entrance.referrer:
                item["page"]["referrer"] = entrance.referrer
        if entrance is not None and entrance.click_id:
            item["click_ids"] = {entrance.click_id: f"{self.subject}.{self._count}"}
        if campaign:
            item["campaign"] = dict(campaign)
        self.touches.append(item | more)

    def visit(self, dice: Random, at: datetime, who: Visitor, entrance: Entrance, pages: int = 1) -> datetime:
        """A session: arrive by `entrance`, look at `pages` pages. Returns when the last one was seen."""
        campaign = tags(dice, entrance)
        if entrance.click_id and dice.random() < 0.3:  # the ad network reports the click as well
            self.add("ad_click", at, who, entrance=entrance, campaign=campaign)
        at += timedelta(seconds=2)
        self.add("page_view", at, who, path=entrance.page, entrance=entrance, campaign=campaign)
        for _ in range(pages - 1):
            at += timedelta(seconds=dice.randint(15, 240))
            self.add("page_view", at, who, path=dice.choice(PAGES))
        return at

    def form(self, at: datetime, who: Visitor, form: str, **fields: Any) -> None:
        """A form sent with consent: the person's own act, and the moment browser and address become one person."""
        properties = {"form": form, **fields}
        self.add("form_submit", at, who, path=f"/{form}", properties=properties, consent={"marketing": "granted"})


def tags(dice: Random, entrance: Entrance) -> dict[str, str] | None:
    """The utm_* values of one link of that entrance, if it has any."""
    if entrance.source is None:
        return None
    tagged = {"source": entrance.source, "medium": entrance.medium or ""}
    return tagged | ({"name": dice.choice(entrance.campaigns)} if entrance.campaigns else {})


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
