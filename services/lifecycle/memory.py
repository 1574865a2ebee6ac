"""What this process knows to be stored, so that most touches need no look-up. Filled only after a commit."""

from collections.abc import Mapping

from services.lifecycle.domain.clock.times import later
from services.lifecycle.domain.collect import MINUTE, Facts, Known
from services.lifecycle.domain.identity.links import Key
from services.lifecycle.store.identifiers import Seen

REMEMBERED = 200_000  # identifiers, about 100 MB; the oldest quarter goes when it is full


class Memory:
    """A bounded memory of facts that only grow in one direction, so that an old entry is still right."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self.known = Known()
        self._remembered = remembered
        self._pending: tuple[Facts, Mapping[Key, Seen]] | None = None

    def forget_pending(self) -> None:
        """A new try begins: whether the one before was committed is not known."""
        self._pending = None

    def remember_when_committed(self, facts: Facts, rows: Mapping[Key, Seen]) -> None:
        """Keep what a batch stored until it is committed."""
        self._pending = (facts, rows)

    def commit(self) -> None:
        """The pending batch is in the database."""
        if self._pending is None:
            return
        facts, rows = self._pending
        self._pending = None
        known = self.known
        for key, (row, _, _) in rows.items():
            known.identifiers[key] = (row.first_at, later(row.last_at, MINUTE), row.attested)
        for pair, ((at, _), trusted) in facts.pairs.items():
            before = known.pairs.get(pair, (at, False))
            known.pairs[pair] = (min(at, before[0]), trusted or before[1])
        _earliest(known.claims, {claim: first[0] for claim, first in facts.claims.items()})
        _earliest(known.objects, {named: first[0] for named, first in facts.objects.items()})
        known.accounts.update(dict.fromkeys(facts.account_keys))
        for memory in (known.identifiers, known.pairs, known.claims, known.objects, known.accounts):
            _bound(memory, self._remembered)


def _earliest(into: dict, found: Mapping) -> None:  # type: ignore[type-arg]  # several maps of first sights
    for key, at in found.items():
        if key not in into or at < into[key]:
            into[key] = at


def _bound(memory: dict, limit: int) -> None:  # type: ignore[type-arg]  # of any of the memories
    if len(memory) > limit:
        for key in list(memory)[: len(memory) - limit * 3 // 4]:
            del memory[key]
