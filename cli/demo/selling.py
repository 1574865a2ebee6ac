"""What sales does with an account: answers the lead, works the deal, and now and then has to correct it."""

from datetime import datetime, timedelta
from typing import Any

from cli.demo.buying import Plan
from cli.demo.cast import Account
from cli.demo.fates import Fate
from cli.demo.story import Story, working_hours
from cli.demo.touches import Item, stamp

_REASONS = ("no budget", "student", "competitor", "too small", "not reachable")


def lead_actions(story: Story, account: Account, fate: Fate, when: Plan) -> list[Item]:
    """How the lead of the demo request was answered: within the day, too late, not at all, or given back."""
    if not fate.asks or fate.answer == "silence":
        return []
    dice = story.dice("answer", account.number)
    contacted = working_hours(when.asked + timedelta(hours=dice.choice((1, 2, 3, 20, 60))))
    decided = contacted + timedelta(hours=1)
    acts: list[tuple[str, datetime, dict[str, str]]] = [("contacted", contacted, {})]
    if fate.answer == "accepted":
        acts.append(("accepted", decided, {}))
    else:
        acts.append(("rejected", decided, {"reason": dice.choice(_REASONS)}))
    if when.asked_again:
        acts.append(("recycled", when.asked_again - timedelta(hours=4), {"reason": "timing"}))
        acts.append(("accepted", when.asked_again + timedelta(hours=3), {}))
    email = account.contacts[0].email
    return [
        {
            "id": f"{account.id}-{n}-{action}", "action": action, "occurred_at": stamp(at), "email": email,
            "owner": account.owner, **more,
        }
        for n, (action, at, more) in enumerate(acts) if at < story.end
    ]  # fmt: skip


def deal_versions(story: Story, account: Account, fate: Fate, when: Plan) -> list[Item]:
    """The account's deals as the CRM would send them: every version, oldest first, up to the story's end."""
    if fate.deal is None:
        return []
    dice = story.dice("deal", account.number)
    opened, decided = when.opened, when.decided
    amount = round(dice.uniform(9_000, 42_000) * account.size, -2) + dice.choice((0, 0, 49.99, 0.5))
    deal = _Deal(account, f"D-{account.number + 1:04d}", opened, referred_by=_referrer(dice.random()))
    deal.version(opened, "open", "discovery", amount * 0.8)
    deal.version(opened + (decided - opened) / 2, "open", "proposal", amount)
    if fate.deal == "lost":
        deal.version(decided, "lost", "closed lost", amount)
    elif fate.deal == "won":
        deal.version(decided, "won", "closed won", amount)
        _afterwards(deal, fate, decided, amount)
    return [version for version in deal.versions if version["updated_at"] < stamp(story.end)]


def _afterwards(deal: "_Deal", fate: Fate, won: datetime, amount: float) -> None:
    later = working_hours(won + timedelta(days=6))
    if fate.after == "amended":
        deal.version(later, "won", "closed won", round(amount * 1.15, 2))
    elif fate.after in {"refunded", "cancelled"}:
        back = amount if fate.after == "cancelled" else round(amount * 0.3, 2)
        deal.refunds.append({"id": "R-1", "amount": money(back), "at": stamp(later), "reason": fate.after})
        deal.version(later, "won", "closed won", amount)
    elif fate.after in {"reopened", "won again"}:
        deal.version(later, "open", "legal review", amount)
        if fate.after == "won again":
            deal.version(working_hours(later + timedelta(days=3)), "won", "closed won", round(amount * 0.9, 2))
    elif fate.after == "expanded":
        more = _Deal(deal.account, f"{deal.id}-X", later, kind="expansion")
        more.version(later, "open", "proposal", amount * 0.4)
        more.version(working_hours(later + timedelta(days=4)), "won", "closed won", amount * 0.4)
        deal.versions += more.versions


class _Deal:
    """A CRM record and every version of it so far."""

    def __init__(
        self, account: Account, deal_id: str, created: datetime, kind: str = "new", referred_by: str | None = None
    ) -> None:
        self.account = account
        self.id = deal_id
        self.refunds: list[dict[str, Any]] = []
        self.versions: list[Item] = []
        self._created = created
        self._kind = kind
        self._referred_by = referred_by

    def version(self, at: datetime, status: str, stage: str, amount: float) -> None:
        """The deal as it stands from `at` on."""
        account = self.account
        item: Item = {
            "id": self.id, "type": self._kind, "name": f"{account.name}: {self._kind}", "owner": account.owner,
            "account": {"id": account.id, "domain": account.domain, "name": account.name},
            "contacts": [contact.email for contact in account.contacts],
            "status": status, "stage": stage, "amount": money(amount), "currency": "USD",
            "created_at": stamp(self._created), "updated_at": stamp(at),
        }  # fmt: skip
        if status != "open":
            closed = next((v["closed_at"] for v in reversed(self.versions) if v["status"] == status), stamp(at))
            item["closed_at"] = stamp(at) if self.versions and self.versions[-1]["status"] == "open" else closed
        if self.refunds:
            item["refunds"] = list(self.refunds)
        if self._referred_by:
            item["referred_by"] = self._referred_by
        self.versions.append(item)


def _referrer(chance: float) -> str | None:
    return "northwind-consulting" if chance < 0.1 else None


def money(amount: float) -> str:
    """An amount in major units with two decimals."""
    return f"{amount:.2f}"
