"""The whole company: every account's story and the crowd around it, in the order it happened."""

from typing import NamedTuple

from cli.demo.buying import journey, plan
from cli.demo.cast import account
from cli.demo.crowd import PER_ACCOUNT, passer_by
from cli.demo.fates import fate
from cli.demo.selling import deal_versions, lead_actions
from cli.demo.story import Story
from cli.demo.touches import Item


class Company(NamedTuple):
    """What is sent, oldest first: touchpoints, every version of every deal, and what sales did with its leads."""

    touchpoints: list[Item]
    deals: list[Item]
    lead_actions: list[Item]


def company(story: Story) -> Company:
    """The company of a story; the same story gives the same company."""
    touchpoints = [touch for n in range(story.accounts * PER_ACCOUNT) for touch in passer_by(story, n)]
    deals: list[Item] = []
    acts: list[Item] = []
    for number in range(story.accounts):
        who, what = account(story, number), fate(story, number)
        when = plan(story, who, what)
        touchpoints += journey(story, who, what, when)
        deals += deal_versions(story, who, what, when)
        acts += lead_actions(story, who, what, when)
    return Company(
        sorted(touchpoints, key=lambda touch: (touch["occurred_at"], touch["id"])),
        sorted(deals, key=lambda deal: (deal["updated_at"], deal["id"])),
        sorted(acts, key=lambda act: (act["occurred_at"], act["id"])),
    )
