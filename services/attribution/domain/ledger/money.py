"""Money in minor units, split so that the parts always add up.

    split(to_minor(Decimal("100.00"), "USD"), [1/3, 1/3, 1/3])   # [3334, 3333, 3333]

Weights count to twelve decimals, and remainders to a thousandth of a minor unit: what is equal on paper stays equal
whatever way it was computed (a sixth and two thirds of 1.00 both leave two thirds of a cent), so that a tie is a tie,
and goes to the earlier touch, for amounts up to a hundred million minor units. Beyond, the twelfth decimal of a weight
is worth as much as a thousandth of a unit, and such a tie may go either way; the sum is exact all the same.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from services.attribution.domain.journeys.journeys import Floats, Ints

# ISO 4217: decimals of the currencies that do not have two.
DECIMALS = {
    **{"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0},
    **{"UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0},
    **{"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3},
    **{"CLF": 4, "UYW": 4},
}
WHOLE = 10**12
"""A weight of 1. What is lighter than half a part of it earns nothing."""

_STEP = 10**6
_REMAINDER = 1000
# Above this the two-step product in `split_whole` would leave int64.
_VECTOR_LIMIT = 4 * 10**12


def decimals(currency: str) -> int:
    """How many decimals `currency` (ISO 4217, any case) has. Raises ValueError for what cannot be a currency code."""
    code = currency.strip().upper()
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        raise ValueError(f"{currency!r} is not a currency code; give three letters such as USD")
    return DECIMALS.get(code, 2)


def to_minor(amount: Decimal, currency: str) -> int:
    """Minor units of `amount`, halves away from zero (as PostgreSQL rounds numeric)."""
    return int(amount.scaleb(decimals(currency)).to_integral_value(ROUND_HALF_UP))


def to_major(minor: int, currency: str) -> Decimal:
    """The amount of so many minor units, with all its decimals."""
    return Decimal(minor).scaleb(-decimals(currency))


def split(total: int, weights: Sequence[float]) -> list[int]:
    """`total` minor units shared by `weights` (>= 0, any scale) by largest remainder.

    The parts sum to `total` exactly; a tie goes to the earlier weight; a negative total is the mirror of the positive
    one. Raises ValueError when no weight is above zero.
    """
    whole = [round(weight * WHOLE) for weight in weights]
    scale = sum(whole)
    if scale <= 0 or min(whole) < 0:
        raise ValueError("a split needs weights of zero or more, at least one above zero")
    parts = [divmod(abs(total) * weight, scale) for weight in whole]
    left = abs(total) - sum(part for part, _ in parts)
    rounded = [(remainder * _REMAINDER + scale // 2) // scale for _, remainder in parts]
    winners = sorted(range(len(parts)), key=lambda i: (-rounded[i], i))[:left]
    shares = [part for part, _ in parts]
    for i in winners:
        shares[i] += 1
    return shares if total >= 0 else [-share for share in shares]


def split_many(totals: Ints, weights: Floats, offsets: Ints) -> Ints:
    """`totals` per journey shared by `weights` per touch, which sum to 1 in each journey; segments by `offsets`.

    By largest remainder, as the service credits deals. Journeys without touches are left out.
    """
    return split_whole(totals, whole_weights(weights[np.newaxis], offsets)[0], WHOLE, offsets)


def whole_weights(weights: Floats, offsets: Ints) -> Ints:
    """Weights, a row per model, in parts of WHOLE: what rounding leaves over goes to the heaviest touch, the earliest
    of several, so that a path's weights come to WHOLE exactly."""
    whole = np.rint(weights * WHOLE).astype(np.int64)
    filled = np.flatnonzero(offsets[:-1] < offsets[1:])
    if not len(filled) or not len(weights):
        return whole
    starts = offsets[filled]
    owner = np.repeat(np.arange(len(filled)), np.diff(offsets)[filled])
    left = WHOLE - np.add.reduceat(whole, starts, axis=1)
    heaviest = np.maximum.reduceat(whole, starts, axis=1)[:, owner] == whole
    index = np.where(heaviest, np.arange(whole.shape[1]), whole.shape[1])
    first = np.minimum.reduceat(index, starts, axis=1)
    whole[np.arange(len(whole))[:, np.newaxis], first] += left
    return whole


def split_whole(totals: Ints, whole: Ints, scale: int | None, offsets: Ints) -> Ints:
    """`totals` shared by whole weights, which come to `scale` in every journey; None: add them up."""
    journey = np.repeat(np.arange(len(totals)), np.diff(offsets))
    per = _segment_sums(whole, offsets)[journey] if scale is None else np.int64(scale)
    amount = np.abs(totals)
    big = amount > _VECTOR_LIMIT
    amount = np.where(big, 0, amount)
    # amount * weight / scale in two steps of six digits, for the product itself does not fit in 64 bits.
    high, low = np.divmod(amount, _STEP)
    upper, rest = np.divmod(high[journey] * whole, per)
    lower, remainder = np.divmod(rest * _STEP + low[journey] * whole, per)
    parts = upper * _STEP + lower
    left = amount - _segment_sums(parts, offsets)
    rounded = (remainder * _REMAINDER + per // 2) // per
    parts += _ranked(rounded, journey, offsets) < left[journey]
    parts = np.where(totals[journey] < 0, -parts, parts)
    for j in np.flatnonzero(big & (np.diff(offsets) > 0)).tolist():
        own = slice(int(offsets[j]), int(offsets[j + 1]))
        parts[own] = split(int(totals[j]), (whole[own] / WHOLE).tolist())
    return parts


def _segment_sums(values: Ints, offsets: Ints) -> Ints:
    running = np.concatenate(([0], np.cumsum(values)))
    return running[offsets[1:]] - running[offsets[:-1]]


def _ranked(remainder: Ints, journey: Ints, offsets: Ints) -> Ints:
    """Each touch's place within its journey by remainder, the largest first and ties in order."""
    # One number per touch that sorts by journey, then remainder, then place: a single sort is many times faster.
    place = np.arange(len(journey), dtype=np.int64)
    key = (journey * (_REMAINDER + 1) + (_REMAINDER - remainder)) * len(journey) + place
    rank = np.empty(len(key), dtype=np.int64)
    rank[np.sort(key) % max(len(key), 1)] = place - offsets[:-1][journey]
    return rank
