"""What an account key stands for. Ids never merge; a domain or a name resolves to the id, or domain, named with it.

What a secret key says of an id or a domain is all that counts of it: a public page view cannot re-point a company's
domain or a CRM's account. A deal whose contacts share one company domain gives its account id that domain, unless the
id has one already. Of equals the object that appeared first counts.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from services.lifecycle.domain.accounts.claims import Named, Resolved

PUBLIC, BY_CONTACTS, TRUSTED = 0, 1, 2
"""How much an account object is worth: by a public key, by the contacts of a deal, by a secret key."""


class Object(NamedTuple):
    """An account object with its first appearance and the name as it was written then.

    `joins`: its domain means its id; `has`: its id has its domain. Better evidence may have overruled either.
    """

    named: Named
    at: datetime
    event_id: str
    name: str | None
    rank: int = PUBLIC
    joins: bool = True
    has: bool = True


class Book:
    """Account objects, indexed to resolve keys. Each lookup takes the best object, of equals the first."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._best: dict[tuple[str, str], Object] = {}
        for one in objects:
            account_id, domain, name_key = one.named
            domain_key, name = domain and f"domain:{domain}", name_key and f"name:{name_key}"
            for source, fact in (
                (domain_key, account_id and one.joins and "id"),
                (name, (account_id or domain_key) and "target"),
                (account_id, domain and one.has and "domain"),
                (account_id, name and "name"),
                (domain_key, name and "name"),
                (name, "name"),
            ):
                if source and fact:
                    self._note((source, fact), one)

    def _note(self, at: tuple[str, str], one: Object) -> None:
        known = self._best.get(at)
        if known is None or _order(one) < _order(known):
            self._best[at] = one

    def _joining(self, key: str) -> Object | None:
        if key.startswith("name:"):
            return self._best.get((key, "target"))
        return self._best.get((key, "id")) if key.startswith("domain:") else None

    def step(self, key: str) -> str:
        """What a key stands for, one step on: a name for an id or a domain, a domain for an id, an id for itself."""
        if one := self._joining(key):
            return one.named.account_id or f"domain:{one.named.domain}"
        return key

    def resolve(self, key: str) -> Resolved:
        """The account a key stands for, with what is known of it. All objects on the way must be in the book."""
        account_id = self.step(self.step(key))
        by = self._joining(key)
        domain_from, name_from = self._best.get((account_id, "domain")), self._best.get((account_id, "name"))
        domain = account_id.removeprefix("domain:") if account_id.startswith("domain:") else None
        return Resolved(
            key,
            account_id,
            domain or (domain_from.named.domain if domain_from else None),
            name_from.name if name_from else None,
            by.event_id if by else None,
        )


def _order(one: Object) -> tuple[int, datetime, str, Named]:
    return -one.rank, one.at, one.event_id, one.named
