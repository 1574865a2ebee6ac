"""The difference between what stands and what was computed: equal rows stay, others are superseded, new ones added.

Everything that takes time is prepared first; then the stamp is taken, whose lock is held to the commit, and what was
prepared is written.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import NamedTuple

import msgspec
import numpy as np

from services.attribution.domain.deals.attribute import EntryFact, Outcome
from services.attribution.domain.deals.earned import NO_TOUCH, RULES, Earned
from services.attribution.domain.deals.lines import Credits, Line, Measures, change
from services.attribution.domain.deals.touches import Origin, Touches
from services.attribution.domain.journeys.journeys import Ints
from services.attribution.domain.ledger.ledger import UNATTRIBUTED
from services.attribution.domain.ledger.money import decimals
from services.attribution.domain.terms import Terms
from services.attribution.store import changes, credits, entries, origins, outcomes, runs
from shared.db import Connection

_NOWHERE = Origin(UNATTRIBUTED, UNATTRIBUTED, UNATTRIBUTED, None)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Computed:
    """What a chunk of deals came to: outcomes, and the stored ids of the origins of its touches."""

    outcomes: Sequence[Outcome]
    touches: Touches
    origin_ids: Ints
    nowhere: Ints

    @classmethod
    async def of(cls, connection: Connection, outcomes: Sequence[Outcome], touches: Touches) -> "Computed":
        """With the origins noted that are new."""
        ids = np.array(await origins.ids(connection, (*touches.origins, _NOWHERE)), dtype=np.int64)
        return cls(outcomes, touches, ids[:-1], ids[-1:])

    def names(self) -> dict[int, Origin]:
        """The origins by their stored ids."""
        ids = (*self.origin_ids.tolist(), *self.nowhere.tolist())
        return dict(zip(ids, (*self.touches.origins, _NOWHERE), strict=True))


class RunIds(NamedTuple):
    """The run that computes, and the run of the fitted models whose model_result their credits are made of."""

    own: int
    fitted: int | None


@dataclass(frozen=True)
class Change:
    """A run, prepared: how many deals it changes, and what of entries, credits and reports."""

    digests: Mapping[str, str]
    entries: entries.EntryChange
    gone: Sequence[Credits]
    new: Sequence[list[bytes]]
    lines: Mapping[Line, Measures]
    zone: str


async def prepare(
    connection: Connection, computed: Computed, claimed: Mapping[str, str | None], terms: Terms, run_ids: RunIds
) -> Change:
    """What it takes to make the outcomes stand. `claimed` has each deal's digest of what stands; None: nothing does."""
    zone = await changes.zone(connection)
    moments = [entry.occurred_at for outcome in computed.outcomes for entry in outcome.entries]
    months = await entries.months(connection, moments)
    rows = Rows(computed, months, Decimal(1).scaleb(-decimals(terms.policy.base_currency)), run_ids)
    by_deal = await asyncio.to_thread(lambda: {o.deal_id: list(rows.of(o)) for o in computed.outcomes})
    facts = {outcome.deal_id: outcome.entries for outcome in computed.outcomes}
    digests = {deal_id: _digest(facts[deal_id], own) for deal_id, own in by_deal.items()}
    changed = {deal_id: digest for deal_id, digest in digests.items() if digest != claimed[deal_id]}
    had = [deal_id for deal_id in changed if claimed[deal_id] is not None]
    standing = await credits.standing(connection, had) if had else []
    names = computed.names()
    if unknown := {number for row in standing for number in row.origins.tolist()} - names.keys():
        names |= await origins.names(connection, unknown)
    after = [row for deal_id in changed for row in by_deal[deal_id]]
    new, gone, lines = await asyncio.to_thread(_difference, standing, after, names)
    entry_change = await entries.change(connection, {deal_id: facts[deal_id] for deal_id in changed}, had)
    return Change(changed, entry_change, gone, new, lines, zone)


def _difference(
    standing: Sequence[Credits], after: Sequence[Credits], names: Mapping[int, Origin]
) -> tuple[list[list[bytes]], list[Credits], dict[Line, Measures]]:
    """New rows, encoded; rows that go; and what changes in the reports."""
    had = {row.says(): row for row in standing}
    new = [row for row in after if had.pop(row.says(), None) is None] if had else after
    return credits.encoded(new), list(had.values()), change(standing, after, names)


async def write(connection: Connection, change: Change, run: runs.Run) -> None:
    """Make the change. From the stamp on, the lock is held: the transaction should end at once."""
    at = await changes.stamp(connection, change.zone)
    await credits.supersede(connection, change.gone, at)
    await credits.add(connection, change.new, at)
    await entries.apply(connection, change.entries, at)
    await changes.apply(connection, change.lines, run.run_id, at)
    await outcomes.stand(connection, change.digests)
    await runs.note(connection, run, at, len(change.digests))


@dataclass(frozen=True)
class Rows:
    """Outcomes as rows to store."""

    computed: Computed
    months: Mapping[datetime, date]
    unit: Decimal
    run_ids: RunIds

    def of(self, outcome: Outcome) -> Iterator[Credits]:
        """The rows of a deal, a row for each entry and part."""
        for entry, parts in zip(outcome.entries, outcome.credits, strict=True):
            for given in parts:
                yield self._row(outcome.deal_id, entry, given)

    def _row(self, deal_id: str, entry: EntryFact, given: Earned) -> Credits:
        touches, ids_of = self.computed.touches, self.run_ids
        nobody = bool(given.positions[0] == NO_TOUCH)
        return Credits(
            deal_id,
            entry.entry_id,
            given.part,
            entry.kind,
            self.months[entry.occurred_at],
            given.models,
            b"" if nobody else touches.ids[given.touches].astype(">u8").tobytes(),
            self.computed.nowhere if nobody else self.computed.origin_ids[touches.origin[given.touches]],
            given.positions,
            given.of_model,
            given.of_touch,
            given.weights,
            given.amounts,
            self.unit,
            ids_of.own if given.part == RULES else (ids_of.fitted or ids_of.own),
        )


def _digest(entries: Sequence[EntryFact], rows: Sequence[Credits]) -> str:
    """Equal for a deal that comes out equal."""
    told = blake2b(_encode(entries), digest_size=16)
    for row in rows:
        for part in row.says():
            told.update(part if isinstance(part, bytes) else _encode(part))
    return told.hexdigest()
