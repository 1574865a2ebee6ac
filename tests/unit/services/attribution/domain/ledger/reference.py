"""A second opinion on money, one entry and one touch at a time, in fractions; it shares no code with the service."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor


def half_away_from_zero(value: Fraction) -> int:
    """To a whole number, as PostgreSQL rounds numeric."""
    whole = floor(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def largest_remainder(total: int, weights: Sequence[float]) -> list[int]:
    """`total` in whole parts: weights count to twelve decimals, remainders to three; a tie goes to the earlier."""
    sign = 1 if total >= 0 else -1
    exact = [Fraction(weight) if isinstance(weight, int) else Fraction(round(weight * 10**12)) for weight in weights]
    quotas = [abs(total) * weight / sum(exact) for weight in exact]
    parts = [floor(quota) for quota in quotas]
    by_remainder = sorted(range(len(parts)), key=lambda i: (-floor((quotas[i] - parts[i]) * 1000 + Fraction(1, 2)), i))
    for i in by_remainder[: abs(total) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


def in_trillionths(weights: Sequence[float]) -> list[int]:
    """Weights that sum to 1 as whole numbers that sum to 10^12: the first of the heaviest takes what is left over."""
    whole = [round(Fraction(weight) * 10**12) for weight in weights]
    whole[whole.index(max(whole))] += 10**12 - sum(whole)
    return whole


def credits_of(amounts: Sequence[Decimal], rate: Decimal, weights: Sequence[float], places: int) -> list[list[int]]:
    """Per entry the minor units of each touch: the difference of the splits of the net after it and before it."""
    net, before, credits = Fraction(0), [0] * len(weights), []
    for amount in amounts:
        net += Fraction(amount)
        after = largest_remainder(half_away_from_zero(net * Fraction(rate) * 10**places), weights)
        credits.append([now - then for now, then in zip(after, before, strict=True)])
        before = after
    return credits
