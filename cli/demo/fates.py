"""What becomes of an account: one row for each kind of story, with how often it is told."""

from typing import Literal, NamedTuple

from cli.demo.story import Story


class Fate(NamedTuple):
    """`asks`: somebody asks for a demo, which sales should answer with `answer`; `deal` is how the deal ends."""

    name: str
    often: int
    asks: bool = True
    answer: Literal["accepted", "rejected", "recycled", "silence"] = "accepted"
    deal: Literal["won", "lost", "open"] | None = None
    after: Literal["amended", "refunded", "cancelled", "reopened", "won again", "expanded"] | None = None


FATES = (
    Fate("reads and leaves", 13, asks=False, answer="silence"),
    Fate("is no fit", 6, answer="rejected"),
    Fate("waits in vain", 3, answer="silence"),
    Fate("comes back later", 2, answer="recycled", deal="open"),
    Fate("comes back and buys", 2, answer="recycled", deal="won"),
    Fate("is being won", 6, deal="open"),
    Fate("buys elsewhere", 6, deal="lost"),
    Fate("buys", 6, deal="won"),
    Fate("buys, then more", 1, deal="won", after="amended"),
    Fate("buys, then again", 1, deal="won", after="expanded"),
    Fate("buys and gets some back", 1, deal="won", after="refunded"),
    Fate("buys and cancels", 1, deal="won", after="cancelled"),
    Fate("signs too early", 1, deal="won", after="reopened"),
    Fate("signs twice", 1, deal="won", after="won again"),
)


def fate(story: Story, number: int) -> Fate:
    """The fate of the `number`th account: every fifty accounts hold each row as often as it says."""
    told = [row for row in FATES for _ in range(row.often)]
    story.dice("fates", number // len(told)).shuffle(told)
    return told[number % len(told)]
