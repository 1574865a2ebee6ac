"""A growing company: a year of touchpoints of many people at many companies, and deals of those companies.

Everything is a function of its number, so any part can be made without the parts before it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

YEAR = datetime(2025, 3, 1, tzinfo=UTC)
ORIGINS = [
    *({"source": "google", "medium": "cpc", "name": f"search-{n}"} for n in range(12)),
    *({"source": "linkedin", "medium": "paid-social", "name": f"abm-{n}"} for n in range(12)),
    *({"source": "newsletter", "medium": "email", "name": f"issue-{n}"} for n in range(12)),
    *({"source": partner, "medium": "referral"} for partner in ("partner-a", "partner-b", "partner-c")),
    *(None for _ in range(9)),
]
REFERRERS = ("https://www.google.com/", "https://news.example/today", "https://www.linkedin.com/feed/", None)


@dataclass(frozen=True)
class Crowd:
    """How large it is. A deal's company is its number among the companies."""

    touchpoints: int
    people: int
    companies: int
    deals: int

    def company_of(self, person: int) -> int:
        """The company a person works for."""
        return person % self.companies

    def email_of(self, person: int) -> str:
        """The person's business address."""
        return f"person{person}@company{self.company_of(person)}.example"

    def touches(self, first: int, last: int) -> Iterator[dict[str, object]]:
        """Touchpoints number `first` up to `last`, as native items; one in eight says the person's email."""
        chance = random.Random(first)
        for n in range(first, last):
            person = chance.randrange(self.people)
            event: dict[str, object] = {
                "id": f"growth-{n}",
                "kind": "page_view",
                "occurred_at": (YEAR + timedelta(seconds=chance.randrange(365 * 86_400))).isoformat(),
                "anonymous_id": f"visitor-{person}",
                "page": {
                    "url": f"https://www.example.com/product/{chance.randrange(400)}",
                    "referrer": chance.choice(REFERRERS),
                },
            }
            if campaign := chance.choice(ORIGINS):
                event["campaign"] = campaign
            if n % 8 == 0:
                event |= {"kind": "form_submit", "email": self.email_of(person)}
            yield event

    def won(self) -> Iterator[dict[str, object]]:
        """The deals, closed in the last months of the year, each by its company's domain and with one contact."""
        for n in range(self.deals):
            company = n % self.companies
            closed = YEAR + timedelta(days=300 + n % 60, seconds=n % 86_400)
            yield {
                "id": f"deal-{n}",
                "account": {"domain": f"company{company}.example", "name": f"Company {company}"},
                "contacts": [self.email_of(company)],
                "status": "won",
                "amount": f"{1000 + n % 9977}.{n % 100:02d}",
                "currency": "USD",
                "created_at": (closed - timedelta(days=90)).isoformat(),
                "closed_at": closed.isoformat(),
                "updated_at": closed.isoformat(),
            }
