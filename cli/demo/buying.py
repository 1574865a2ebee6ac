"""An account's people: they come, read, leave an address, are nurtured, come back, ask, compare and decide."""

from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from cli.demo.cast import Account, Contact
from cli.demo.entrances import ENTRANCES, NEWSLETTER, NURTURE, RETURNS, SITE, pick
from cli.demo.fates import Fate
from cli.demo.story import Story, working_hours
from cli.demo.touches import Diary, Item, Visitor, browser, known

_BUYERS = [entrance.buyers for entrance in ENTRANCES]
_SEQUENCE = {"source": "outreach", "medium": "outbound", "name": "sequence-1"}
_CROWD = [entrance.crowd for entrance in ENTRANCES]


class Plan(NamedTuple):
    """When. `asked` is the demo request (`asked_again` after sales gave it back), `decided` the end of the deal."""

    begins: datetime
    asked: datetime
    asked_again: datetime | None
    opened: datetime
    decided: datetime


def plan(story: Story, account: Account, fate: Fate) -> Plan:
    """Dates that leave room before the end for what follows a close."""
    dice = story.dice("plan", account.number)
    begins = dice.uniform(0.0, 0.5)
    length = dice.uniform(0.15, 0.34)
    asked, opened, decided = (working_hours(story.at(begins + length * share)) for share in (0.4, 0.55, 1.0))
    again = working_hours(asked + timedelta(days=6)) if fate.answer == "recycled" else None
    opened = working_hours(max(opened, (again or asked) + timedelta(days=2)))
    decided = working_hours(max(decided, opened + timedelta(days=3)))
    return Plan(story.at(begins), asked, again, opened, decided)


def journey(story: Story, account: Account, fate: Fate, when: Plan) -> list[Item]:
    """Every touchpoint of an account's people up to the decision, and the odd one after it."""
    dice = story.dice("journey", account.number)
    diary = Diary(f"acc-{account.number:04d}", story.end)
    champion, *colleagues = account.contacts
    read_until = _discovers(dice, diary, account, champion, when.begins, _BUYERS if fate.asks else _CROWD)
    _nurture(dice, diary, champion, read_until, when.decided if fate.asks else story.end)
    if not fate.asks:
        return diary.touches
    _comes_back(dice, diary, champion, read_until, when.asked)
    _asks(dice, diary, account, champion, when.asked)
    if when.asked_again:
        diary.add("custom:demo_request", when.asked_again, known(champion), path="/demo", properties={"again": True})
    for colleague in colleagues if fate.deal else colleagues[:1]:
        joins = when.begins + (when.opened - when.begins) * dice.uniform(0.1, 1.0)
        _joins(dice, diary, account, colleague, joins)
    if fate.deal:
        _compares(dice, diary, account, when)
    if fate.deal == "won":
        diary.add("product_signup", when.decided + timedelta(hours=3), known(champion), path="/app/welcome")
        diary.add("custom:onboarding_done", when.decided + timedelta(days=4), known(champion), path="/app")
    return diary.touches


def _discovers(
    dice: Random, diary: Diary, account: Account, who: Contact, at: datetime, weights: list[float]
) -> datetime:
    """A first visit nobody can name, sometimes more, and then an address left for something to read."""
    entrance = pick(dice, ENTRANCES, weights)
    if entrance.channel == "Partner":
        diary.add(
            "referral", at - timedelta(hours=5), Visitor(email=who.email), campaign=_partner(), account=_named(account)
        )
    at = diary.visit(dice, at, browser(who), entrance, pages=dice.randint(1, 4))
    for device in range(dice.choice((0, 1, 1, 2))):
        at += timedelta(hours=dice.randint(4, 50))
        at = diary.visit(dice, at, browser(who, device), pick(dice, RETURNS), pages=dice.randint(1, 3))
    diary.form(at + timedelta(seconds=50), known(who), "guide", company=account.name, title=who.title)
    diary.add(
        "content_download", at + timedelta(seconds=55), known(who), path="/guide", properties={"content": "guide"}
    )
    return at + timedelta(seconds=55)


def _partner() -> dict[str, str]:
    return {"source": "northwind-consulting", "medium": "partner", "name": "co-sell"}


def _named(account: Account) -> dict[str, str]:
    return {"domain": account.domain, "name": account.name}


def _nurture(dice: Random, diary: Diary, who: Contact, after: datetime, until: datetime) -> None:
    """A mail a week: sent, delivered, now and then opened, now and then clicked; one reader in twelve leaves."""
    reads, at, mail = dice.uniform(0.2, 0.8), after + timedelta(days=2), 0
    while at < until:
        letter = NURTURE if mail % 2 == 0 else NEWSLETTER
        campaign = {"source": letter.source or "", "medium": "email", "name": f"{letter.campaigns[0]}-{mail + 1}"}
        by_mail = Visitor(email=who.email)
        diary.add("email_sent", at, by_mail, campaign=campaign)
        diary.add("email_delivered", at + timedelta(seconds=20), by_mail, campaign=campaign)
        if dice.random() < reads:
            diary.add("email_open", at + timedelta(minutes=90), by_mail, campaign=campaign)
            if dice.random() < 0.4:
                clicked = at + timedelta(minutes=91)
                diary.add("email_click", clicked, by_mail, campaign=campaign)
                diary.add("page_view", clicked + timedelta(seconds=3), known(who), path=letter.page, campaign=campaign)
        elif dice.random() < 0.08:
            diary.add("email_unsubscribe", at + timedelta(hours=2), by_mail, campaign=campaign)
            return
        mail, at = mail + 1, at + timedelta(days=7)


def _comes_back(dice: Random, diary: Diary, who: Contact, after: datetime, until: datetime) -> None:
    """Between the first address and the demo request: reminded by ads, by search, by a webinar."""
    for _ in range(dice.choice((0, 1, 1, 2, 3))):
        at = after + (until - after) * dice.uniform(0.05, 0.95)
        diary.add("ad_impression", at - timedelta(minutes=20), browser(who), campaign=_retargeting("cpm"))
        diary.add("retargeting_hit", at, browser(who), path="/pricing", campaign=_retargeting("retargeting"))
    for _ in range(dice.choice((0, 1, 2))):
        at = after + (until - after) * dice.uniform(0.1, 0.9)
        diary.visit(dice, at, browser(who), pick(dice, RETURNS), pages=dice.randint(1, 4))
    if dice.random() < 0.3:
        at = working_hours(after + (until - after) * 0.6)
        diary.add("event_attended", at, known(who), campaign=_event("webinar"), properties={"minutes": 45})


def _event(name: str) -> dict[str, str]:
    return {"source": name, "medium": "event", "name": f"{name}-autumn"}


def _retargeting(medium: str) -> dict[str, str]:
    return {"source": "google", "medium": medium, "name": "retargeting-pricing"}


def _asks(dice: Random, diary: Diary, account: Account, who: Contact, at: datetime) -> None:
    """The pricing page once more, a question in the chat, and the form that sales waits for."""
    entrance = pick(dice, RETURNS)
    at = diary.visit(dice, at - timedelta(minutes=18), browser(who), entrance, pages=2)
    diary.add("page_view", at + timedelta(seconds=30), browser(who), path="/pricing")
    if dice.random() < 0.4:
        diary.add("chat", at + timedelta(minutes=1), known(who), path="/pricing", properties={"messages": 6})
    form = {"company": account.name, "title": who.title}
    diary.form(at + timedelta(minutes=2), known(who), "demo_request", **form)
    diary.add("custom:demo_request", at + timedelta(minutes=2, seconds=1), known(who), path="/demo", properties=form)


def _joins(dice: Random, diary: Diary, account: Account, who: Contact, at: datetime) -> None:
    """A colleague who was told about us: comes by another way, or meets us at an event."""
    if dice.random() < 0.25:
        met, event = Visitor(email=who.email), _event("revops-days")
        diary.add("event_attended", working_hours(at), met, campaign=event, account=_named(account))
    at = diary.visit(dice, at, browser(who), pick(dice, ENTRANCES, _BUYERS), pages=dice.randint(1, 4))
    if dice.random() < 0.4:
        diary.form(at + timedelta(minutes=1), known(who), "guide", company=account.name, title=who.title)
    else:  # did not say who they are, until they follow the link in a mail of our sales people
        diary.add("email_click", working_hours(at + timedelta(days=2)), known(who), campaign=_SEQUENCE)


def _compares(dice: Random, diary: Diary, account: Account, when: Plan) -> None:
    """While the deal is open: calls, meetings, reviews, a partner's word, and marketing that has not stopped."""
    champion, *others = account.contacts
    span = when.decided - when.opened

    def moment(low: float, high: float) -> datetime:
        return working_hours(when.opened + span * dice.uniform(low, high))

    diary.add(
        "meeting", moment(0.05, 0.3), Visitor(email=champion.email), properties={"subject": "demo", "minutes": 40}
    )
    for _ in range(dice.choice((1, 2))):
        who = dice.choice(account.contacts)
        diary.add("call", moment(0.1, 0.8), Visitor(email=who.email), properties={"minutes": dice.randint(5, 30)})
    if others and dice.random() < 0.35:
        diary.add(
            "review",
            moment(0.2, 0.7),
            browser(others[0]),
            page={"url": f"{SITE}/pricing", "referrer": "https://www.g2.com/"},
        )
    if others and dice.random() < 0.25:
        diary.add("referral", moment(0.1, 0.5), Visitor(email=others[-1].email), campaign=_partner())
    if dice.random() < 0.5:
        diary.add(
            "retargeting_hit",
            moment(0.3, 0.9),
            browser(champion),
            path="/case-studies",
            campaign=_retargeting("retargeting"),
        )
