"""Every model asked for over the journeys of one file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import numpy as np

from cli.attribute.rows import Table
from services.attribution.domain.journeys.journeys import Floats, Ints, add_up
from services.attribution.domain.journeys.selection import Paths, Rules, select
from services.attribution.domain.ledger.ledger import UNATTRIBUTED
from services.attribution.domain.ledger.money import split, split_many, to_minor
from services.attribution.domain.models import CUSTOM, FITTED, MODELS, fitted_models, rule_models
from services.attribution.domain.models.fitting import Fit, spread
from services.attribution.domain.models.rules import HALF_LIFE
from shared.errors import ClosedloopError

_MOST = 10**13
"""Values are below this, as the service's are: in the smallest minor units they fit in 64 bits."""


class UnusableOption(ClosedloopError):
    """An option asks for what cannot be done; the message says what to give instead."""


@dataclass(frozen=True)
class Options:
    """What to compute. `models` None: all that the file and the other options allow."""

    models: tuple[str, ...] | None = None
    rules: Rules = field(default_factory=Rules)
    half_life: timedelta = HALF_LIFE
    custom: dict[str, float] | None = None
    markov_order: int = 1
    currency: str | None = None

    def chosen(self, timed: bool) -> list[str]:
        """The models to run. Raises UnusableOption for one that is unknown or cannot run."""
        cannot = {
            CUSTOM: None if self.custom else "custom needs --custom, for example --custom first=30,middle=40,last=30",
            "time_decay": None if timed else "time_decay needs the touches' times; a file of paths has none",
        }
        if self.models is None:
            return [name for name in MODELS if not cannot.get(name)]
        for name in self.models:
            if name not in MODELS:
                raise UnusableOption(f"there is no model {name!r}; choose from {', '.join(MODELS)}, or all")
            if reason := cannot.get(name):
                raise UnusableOption(reason)
        return list(dict.fromkeys(self.models))


@dataclass(frozen=True)
class Totals:
    """A model's result per channel. `value` in major units, or in minor units when a currency was given."""

    model: str
    channels: tuple[str, ...]
    conversions: Floats
    value: Floats | Ints


@dataclass(frozen=True)
class Credits:
    """A model's result per journey and channel, as parallel arrays; pairs that earned nothing are left out."""

    model: str
    channels: tuple[str, ...]
    journey: Ints
    channel: Ints
    credit: Floats
    value: Ints | None


class Computation:
    """Selects once, then answers model by model."""

    def __init__(self, table: Table, options: Options) -> None:
        if options.rules.lookback is not None and not table.timed:
            raise UnusableOption("--lookback needs the touches' times; a file of paths has none")
        self.paths = select(table.journeys, options.rules)
        self.models = options.chosen(table.timed)
        self._rules = rule_models(half_life=options.half_life, custom=options.custom)
        self._fitted = fitted_models(markov_order=options.markov_order)
        facts = self.paths.journeys
        self._untouched = (self.paths.n == 0) & (facts.count > 0)
        self._minor = None if options.currency is None else _minor(facts.value, options.currency)

    def totals(self) -> Iterator[Totals]:
        """Per model and channel. Fitted models give their own totals, which is what their literature reports."""
        for model in self.models:
            if model in FITTED:
                fit = self._fitted[model].fit(self.paths)
                conversions, value = fit.conversions, self._fitted_value(fit)
            else:
                weights = self._rules[model].weights(self.paths)
                conversions = self._per_channel(weights * self.paths.journeys.count[self.paths.journey])
                value = self._rule_value(weights)
            yield self._with_untouched(model, conversions, value)

    def credits(self) -> Iterator[Credits]:
        """Per model, journey and channel, for journeys that converted; shares of a journey sum to 1."""
        paths = self.paths
        group, journey, channel = _groups(paths)
        converted = paths.journeys.count[journey] > 0
        for model in self.models:
            if model in FITTED:
                weights = spread(paths, self._fitted[model].fit(paths).shares)
            else:
                weights = self._rules[model].weights(paths)
            credit = add_up(group, weights, len(journey))
            minor = None if self._minor is None else split_many(self._minor, weights, paths.offsets)
            value = None if minor is None else _add_integers(group, minor, len(journey))
            kept = np.flatnonzero(converted & (credit > 0))
            lost = np.flatnonzero(self._untouched)
            yield Credits(
                model,
                (*paths.channels, UNATTRIBUTED),
                np.concatenate((journey[kept], lost)),
                np.concatenate((channel[kept], np.full(len(lost), len(paths.channels)))),
                np.concatenate((credit[kept], np.ones(len(lost)))),
                None if value is None or self._minor is None else np.concatenate((value[kept], self._minor[lost])),
            )

    def _rule_value(self, weights: Floats) -> Floats | Ints:
        if self._minor is None:
            return self._per_channel(weights * self.paths.journeys.value[self.paths.journey])
        minor = split_many(self._minor, weights, self.paths.offsets)
        return _add_integers(self.paths.channel, minor, len(self.paths.channels))

    def _fitted_value(self, fit: Fit) -> Floats | Ints:
        if self._minor is None:
            return fit.value
        total = int(self._minor[self.paths.n > 0].sum())
        shares = fit.value / (fit.value.sum() or 1.0)
        if not shares.any():
            return np.zeros(len(shares), dtype=np.int64)
        if shares.min() < 0:
            # Largest remainder has no meaning for shares below zero: round, and let the largest take the difference.
            parts: Ints = np.rint(shares * total).astype(np.int64)
            parts[int(np.argmax(np.abs(parts)))] += total - parts.sum()
            return parts
        return np.array(split(total, shares.tolist()), dtype=np.int64)

    def _with_untouched(self, model: str, conversions: Floats, value: Floats | Ints) -> Totals:
        """Conversions without a touch get a row of their own, so that every model adds up to the same totals."""
        channels = self.paths.channels
        if not self._untouched.any():
            return Totals(model, channels, conversions, value)
        facts = self.paths.journeys
        lost = (facts.value if self._minor is None else self._minor)[self._untouched].sum()
        return Totals(
            model,
            (*channels, UNATTRIBUTED),
            np.append(conversions, facts.count[self._untouched].sum()),
            np.append(value, lost),
        )

    def _per_channel(self, amounts: Floats) -> Floats:
        return add_up(self.paths.channel, amounts, len(self.paths.channels))


def _minor(values: Floats, currency: str) -> Ints:
    """Minor units of major ones. A CSV's decimals are what the shortest text of their number says."""
    distinct, index = np.unique(values, return_inverse=True)
    if len(distinct) and np.abs(distinct).max() >= _MOST:
        raise UnusableOption(f"--currency splits values below {_MOST:,}; {np.abs(distinct).max():g} is too large")
    exact = [to_minor(Decimal(repr(value)), currency) for value in distinct.tolist()]
    return np.array(exact, dtype=np.int64)[index]


def _groups(paths: Paths) -> tuple[Ints, Ints, Ints]:
    """Per touch its (journey, channel) pair's number, and per pair its journey and channel."""
    channels = max(len(paths.channels), 1)
    pairs, group = np.unique(paths.journey * channels + paths.channel, return_inverse=True)
    return group, pairs // channels, pairs % channels


def _add_integers(index: Ints, amounts: Ints, n: int) -> Ints:
    sums = np.zeros(n, dtype=np.int64)
    np.add.at(sums, index, amounts)
    return sums
