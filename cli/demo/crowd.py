"""Passers-by: most of the traffic and of the addresses, none of the revenue. And the machines among them."""

from datetime import timedelta

from cli.demo.cast import AGENTS, CRAWLER
from cli.demo.entrances import ENTRANCES, Entrance, pick
from cli.demo.story import Story
from cli.demo.touches import Diary, Item, Visitor

PER_ACCOUNT = 14
"""Passers-by for every company in the market."""
_WEIGHTS = [entrance.crowd for entrance in ENTRANCES]


def passer_by(story: Story, number: int) -> list[Item]:
    """One visitor, who may leave an address for the e-book and is not seen after that."""
    dice = story.dice("crowd", number)
    diary = Diary(f"crowd-{number:05d}", story.end)
    if number % 97 == 0:
        return _crawler(story, number, diary)
    who = Visitor(f"pb-{number:05d}", None, dice.choice(AGENTS))
    entrance = pick(dice, ENTRANCES, _WEIGHTS)
    at = story.at(dice.uniform(0.0, 0.99))
    for _ in range(dice.randint(1, 4) if entrance.channel == "Display" else 0):
        diary.add("ad_impression", at - timedelta(minutes=dice.randint(5, 4000)), who, campaign=_shown(entrance))
    at = diary.visit(dice, at, who, entrance, pages=dice.choice((1, 1, 2, 3)))
    if dice.random() < entrance.leads:
        email = f"{dice.choice(_WORDS)}.{number}@{dice.choice(_MAILBOXES)}"
        left = Visitor(who.device, email, who.agent)
        diary.form(at + timedelta(seconds=40), left, "ebook")
        diary.add("content_download", at + timedelta(seconds=45), left, path="/ebook", properties={"content": "ebook"})
        if dice.random() < 0.08:
            diary.add(
                "email_bounce", at + timedelta(minutes=3), Visitor(email=left.email), properties={"mail": "ebook"}
            )
    elif dice.random() < 0.02:
        diary.add("page_view", at + timedelta(minutes=2), who, path="/", consent={"marketing": "denied"})
    return diary.touches


_WORDS = ("student", "info", "curious", "reader", "me", "hello", "tips", "growth")
_MAILBOXES = ("gmail.com", "outlook.com", "yahoo.com", "gmx.de", "proton.me")


def _shown(entrance: Entrance) -> dict[str, str]:
    return {"source": entrance.source or "", "medium": "cpm", "name": entrance.campaigns[0]}


def _crawler(story: Story, number: int, diary: Diary) -> list[Item]:
    who = Visitor(f"bot-{number:05d}", None, CRAWLER)
    for n in range(12):
        diary.add("page_view", story.at(n / 12) + timedelta(seconds=number % 600), who, path="/")
    return diary.touches
