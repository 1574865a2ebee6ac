"""Who takes part: companies, their people and our sales people. All names are made up, domains end in `.example`."""

from dataclasses import dataclass

from cli.demo.names import AFT, FIRST, FORE, LAST, TITLES
from cli.demo.story import Story

AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1",
)
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
SALES = ("mara@ourco.example", "deniz@ourco.example", "pete@ourco.example")
"""Our own sales people, by the address that leads are assigned to."""


@dataclass(frozen=True)
class Contact:
    """A person at a company. `devices` are the anonymous ids of their browsers, the usual one first."""

    name: str
    title: str
    email: str
    devices: tuple[str, ...]
    agent: str


@dataclass(frozen=True)
class Account:
    """A company in our market. `id` is the CRM's; `size` (0.4 to 3) scales what it spends."""

    number: int
    id: str
    name: str
    domain: str
    size: float
    owner: str
    contacts: tuple[Contact, ...]


def account(story: Story, number: int) -> Account:
    """The `number`th company, with two to five people."""
    dice = story.dice("account", number)
    order = list(range(len(FORE) * len(AFT)))
    story.dice("names").shuffle(order)
    lap, pick = divmod(order[number % len(order)] + len(order) * (number // len(order)), len(order))
    words = (FORE[pick % len(FORE)], AFT[pick // len(FORE)], *((str(lap + 1),) if lap else ()))
    domain = f"{''.join(words).lower()}.example"
    names = [(dice.choice(FIRST), last) for last in dice.sample(LAST, dice.choice((2, 3, 3, 4, 5)))]
    contacts = tuple(
        Contact(
            name=f"{first} {last}",
            title=dice.choice(TITLES),
            email=f"{first}.{last}@{domain}".lower(),
            devices=tuple(f"dv-{number:04d}-{n}{device}" for device in range(dice.choice((1, 1, 2)))),
            agent=dice.choice(AGENTS),
        )
        for n, (first, last) in enumerate(names)
    )
    size = min(3.0, max(0.4, dice.lognormvariate(0.0, 0.6)))
    return Account(number, f"ACC-{number + 1:04d}", " ".join(words), domain, size, dice.choice(SALES), contacts)
