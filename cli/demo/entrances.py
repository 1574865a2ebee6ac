"""How people arrive: one row for each way in, with what a visit that way carries.

`crowd` and `buyers` are the weights by which passers-by and people of buying companies come that way; `leads` is the
share of passers-by who leave an address for the free e-book. That these differ is what the demo is about: cheap reach
brings visits and addresses, and other ways in bring customers.
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

SITE = "https://www.ourco.example"


class Entrance(NamedTuple):
    """One way in. `channel` is what the b2b rules should make of it, which a test checks."""

    channel: str
    crowd: float
    buyers: float
    leads: float
    page: str
    source: str | None = None
    medium: str | None = None
    campaigns: tuple[str, ...] = ()
    referrer: str | None = None
    click_id: str | None = None


ENTRANCES = (
    Entrance("Paid Social", 21, 2, 0.20, "/ebook", "linkedin", "paid_social", ("ebook-2000-tips", "brand-reach"),
             "https://www.linkedin.com/", "li_fat_id"),
    Entrance("Paid Social", 17, 1, 0.17, "/ebook", "facebook", "paid_social", ("ebook-2000-tips", "lookalike"),
             "https://www.facebook.com/", "fbclid"),
    Entrance("Display", 27, 1.5, 0.10, "/", "google", "display", ("reach-everyone", "banner-blue"), None, "dclid"),
    Entrance("Paid Video", 5, 1, 0.02, "/", "youtube", "cpv", ("explainer",), "https://www.youtube.com/"),
    Entrance("Paid Search", 6, 11, 0.02, "/pricing", "google", "cpc", ("brand", "alternatives"),
             "https://www.google.com/", "gclid"),
    Entrance("Paid Search", 2, 3, 0.02, "/pricing", "bing", "cpc", ("alternatives",),
             "https://www.bing.com/", "msclkid"),
    Entrance("Organic Search", 8, 20, 0.015, "/blog/closing-the-loop", referrer="https://www.google.com/"),
    Entrance("Organic Search", 2, 4, 0.015, "/blog/attribution", referrer="https://duckduckgo.com/"),
    Entrance("Organic Social", 4, 3, 0.02, "/blog/attribution", referrer="https://www.linkedin.com/"),
    Entrance("AI Assistant", 1, 5, 0.01, "/compare", referrer="https://chatgpt.com/"),
    Entrance("Referral", 2, 7, 0.015, "/case-studies", referrer="https://revops-weekly.example/best-tools"),
    Entrance("Reviews", 1, 9, 0.01, "/pricing", referrer="https://www.g2.com/products/ourco/reviews"),
    Entrance("Partner", 0.5, 12, 0.01, "/partners", "northwind-consulting", "partner", ("co-sell",)),
    Entrance("Direct", 6, 6, 0.02, "/"),
)  # fmt: skip

RETURNS: tuple[Entrance, ...] = tuple(e for e in ENTRANCES if e.channel in {"Direct", "Organic Search", "AI Assistant"})
"""How people come back on their own."""

NURTURE = Entrance("Nurture", 0, 0, 0, "/blog/closing-the-loop", "hubspot", "email", ("nurture-buyers-guide",))
NEWSLETTER = Entrance("Email", 0, 0, 0, "/blog", "mailchimp", "email", ("product-news",))


def pick(dice: Random, entrances: Sequence[Entrance], weights: Sequence[float] | None = None) -> Entrance:
    """One of them by chance."""
    return dice.choices(entrances, weights)[0]
