"""What deals give to the reports: lines of (model, month, origin), and what a recompute changes in them.

A report adds lines up. Money and sales add up by themselves; deals do not, for a deal that came by three campaigns of
one channel is one deal of that channel. So each deal is counted at the first of its origins in a channel, and likewise
at the first of a source and medium: then counts add up too, over deals, months and runs.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from services.attribution.domain.deals.touches import Origin
from services.attribution.domain.journeys.journeys import Ints, Mask
from services.attribution.domain.ledger.money import WHOLE

PIPELINE = "pipeline"
_OPENING = ("booked", "renewed", PIPELINE)
_SALE = {"booked": 1, "renewed": 1, "reopened": -1}


@dataclass(frozen=True, eq=False)
class Credits:
    """The credits of one ledger entry under some models, as they are stored.

    `part` 0: the rule models, 1: the fitted ones. `month` is the entry's in the reporting zone. Per touch
    `touchpoint_ids` (16 bytes each; empty for no touch), `origins` (stored ids) and `positions`; per credit `of_model`,
    `of_touch`, `weights` and `amounts`, as in `earned.Earned`. `unit` is what an amount of 1 is worth.
    """

    deal_id: str
    entry_id: str
    part: int
    kind: str
    month: date
    models: tuple[str, ...]
    touchpoint_ids: bytes
    origins: Ints
    positions: Ints
    of_model: Ints
    of_touch: Ints
    weights: Ints
    amounts: Ints | None
    unit: Decimal
    run_id: int

    def says(self) -> tuple[object, ...]:
        """Equal for rows that say the same; which run computed them does not matter, and the entry's id says its kind
        and time."""
        arrays = self.origins, self.positions, self.of_model, self.of_touch, self.weights
        amounts = None if self.amounts is None else self.amounts.tobytes()
        texts = self.entry_id, self.part, self.models, self.touchpoint_ids, str(self.unit), amounts
        return (*texts, *(array.tobytes() for array in arrays))


class Line(NamedTuple):
    """Where something is counted; `month` None: pipeline."""

    model: str
    month: date | None
    origin_id: int


class Measures(NamedTuple):
    """What is counted: money in the base currency, sales by weight, and deals.

    `deals` (won or open) and `unrated` ones (without a currency rate) are counted once in each channel, `source_*` once
    in each source and medium; `held` are the deals with any credit in this very line.
    """

    amount: Decimal
    sales: Decimal
    deals: int
    source_deals: int
    unrated: int
    source_unrated: int
    held: int

    def less(self, other: "Measures") -> "Measures":
        """The difference."""
        return Measures(
            self.amount - other.amount,
            self.sales - other.sales,
            self.deals - other.deals,
            self.source_deals - other.source_deals,
            self.unrated - other.unrated,
            self.source_unrated - other.source_unrated,
            self.held - other.held,
        )

    def plus(self, other: "Measures") -> "Measures":
        """The sum."""
        return self.less(_NOTHING.less(other))


_NOTHING = Measures(Decimal(0), Decimal(0), 0, 0, 0, 0, 0)


def change(before: Iterable[Credits], after: Iterable[Credits], origins: Mapping[int, Origin]) -> dict[Line, Measures]:
    """What to add to the reports when `after` takes the place of `before`: all credits of some deals, both times.

    `origins` has every origin in them. Lines that stay as they are are left out.
    """
    gone = {line: _NOTHING.less(had) for line, had in lines(list(before), origins).items()}
    return merged(lines(list(after), origins), gone)


def merged(one: Mapping[Line, Measures], other: Mapping[Line, Measures]) -> dict[Line, Measures]:
    """Both changes as one; lines that stay as they are are left out."""
    both = dict(one)
    for line, measures in other.items():
        both[line] = both[line].plus(measures) if line in both else measures
    return {line: measures for line, measures in both.items() if any(measures)}


def lines(rows: Sequence[Credits], origins: Mapping[int, Origin]) -> dict[Line, Measures]:
    """What these credits, all that their deals have, give to each line."""
    if not rows:
        return {}
    flat = _Flat.of(rows, origins)
    per_deal, at = _distinct(flat.key, int(flat.key.max()) + 1)
    first = np.zeros(len(per_deal), dtype=np.int64)
    first[at] = np.arange(len(at))
    opens, unrated = np.zeros(len(per_deal), np.bool_), np.zeros(len(per_deal), np.bool_)
    opens[at[flat.opens]] = True
    unrated[at[flat.unrated]] = True
    line, where = _distinct(per_deal % flat.per_deal, flat.per_deal)
    counted = np.zeros((len(line), 5), dtype=np.int64)
    for n, mask in enumerate((opens, unrated)):
        for m, place in enumerate((flat.channel, flat.web_source)):
            chosen = np.flatnonzero(mask)
            grain = (per_deal[chosen] // flat.n_origins) * flat.n_origins + place[first[chosen]]
            _, once = np.unique(grain, return_index=True)  # keys are sorted: the first of a deal is its first origin
            np.add.at(counted[:, 2 * n + m], where[chosen[once]], 1)
    np.add.at(counted[:, 4], where, 1)
    sums = _sums(flat, where[at], len(line))
    sales = np.zeros(len(line), dtype=np.int64)
    np.add.at(sales, where[at], flat.sales)
    return {
        flat.line(int(key)): Measures(amount, Decimal(sold) / WHOLE, *counts)
        for key, amount, sold, counts in zip(line.tolist(), sums, sales.tolist(), counted.tolist(), strict=True)
    }


def _distinct(keys: Ints, size: int) -> tuple[Ints, Ints]:
    """The distinct keys in order, and the place of each key among them. Keys are below `size`."""
    if size > 16 * len(keys):
        distinct, place = np.unique(keys, return_inverse=True)
        return distinct, place.astype(np.int64)
    there = np.zeros(size, dtype=np.bool_)  # without sorting, where the keys lie close enough
    there[keys] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[keys]


def _sums(flat: "_Flat", where: Ints, n: int) -> list[Decimal]:
    """Amounts per line. Halves are added apart: sums of large amounts of many deals may not fit in 64 bits."""
    total = [Decimal(0)] * n
    for unit in sorted(set(flat.units)):
        own = np.flatnonzero(np.array([one == unit for one in flat.units])[flat.row])
        high, low = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        np.add.at(high, where[own], flat.amount[own] >> 32)
        np.add.at(low, where[own], flat.amount[own] & 0xFFFFFFFF)
        for place, (upper, lower) in enumerate(zip(high.tolist(), low.tolist(), strict=True)):
            total[place] += ((upper << 32) + lower) * unit
    return total


@dataclass(frozen=True, eq=False)
class _Flat:
    """Every credit of some rows end to end. `key` numbers (deal, model, month or pipeline, origin), in that order."""

    models: list[str]
    months: list[date | None]
    origin_ids: list[int]
    units: list[Decimal]
    key: Ints
    row: Ints
    channel: Ints
    web_source: Ints
    amount: Ints
    sales: Ints
    opens: Mask
    unrated: Mask

    @property
    def n_origins(self) -> int:
        return len(self.origin_ids)

    @property
    def per_deal(self) -> int:
        return len(self.models) * len(self.months) * len(self.origin_ids)

    @classmethod
    def of(cls, rows: Sequence[Credits], origins: Mapping[int, Origin]) -> "_Flat":
        models = sorted({model for row in rows for model in row.models})
        months = sorted({_month(row) for row in rows}, key=lambda month: (month is None, month or date.min))
        place = {model: n for n, model in enumerate(models)}
        of_month = {month: n for n, month in enumerate(months)}
        deals: dict[str, int] = defaultdict(lambda: len(deals))
        sizes = np.array([len(row.of_model) for row in rows])
        origin_ids, origin = np.unique(np.concatenate([row.origins[row.of_touch] for row in rows]), return_inverse=True)
        own = [origins[origin_id] for origin_id in origin_ids.tolist()]
        model = np.concatenate([np.array([place[name] for name in row.models])[row.of_model] for row in rows])
        deal, month = (
            np.repeat(np.array(column), sizes)
            for column in ([deals[row.deal_id] for row in rows], [of_month[_month(row)] for row in rows])
        )
        signs = np.repeat([_SALE.get(row.kind, 0) for row in rows], sizes)
        none = [np.zeros(size, dtype=np.int64) for size in sizes.tolist()]
        amounts = [empty if row.amounts is None else row.amounts for row, empty in zip(rows, none, strict=True)]
        return cls(
            models,
            months,
            origin_ids.tolist(),
            [row.unit for row in rows],
            ((deal * len(models) + model) * len(months) + month) * len(origin_ids) + origin,
            np.repeat(np.arange(len(rows)), sizes),
            _numbered([one.channel for one in own])[origin],
            _numbered([(one.source, one.medium) for one in own])[origin],
            np.concatenate(amounts),
            signs * np.concatenate([row.weights for row in rows]),
            np.repeat([row.kind in _OPENING for row in rows], sizes),
            np.repeat([row.amounts is None for row in rows], sizes),
        )

    def line(self, key: int) -> Line:
        """The line of a key without its deal."""
        rest, origin = divmod(key, len(self.origin_ids))
        model, month = divmod(rest, len(self.months))
        return Line(self.models[model], self.months[month], self.origin_ids[origin])


def _month(row: Credits) -> date | None:
    return None if row.kind == PIPELINE else row.month


def _numbered(values: Sequence[object]) -> Ints:
    number: dict[object, int] = {}
    return np.array([number.setdefault(value, len(number)) for value in values], dtype=np.int64)
