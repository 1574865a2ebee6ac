"""Money as sent: exact decimals, within what a report can hold. Bounded here and nowhere else: nobody behind checks."""

from decimal import Decimal

from services.ingest.domain.rejection import rejected

WHOLE_DIGITS = 13
"""Digits before the point: amounts stay below 10^13 in any currency, so sums of millions of them stay exact."""
DECIMALS = 6
_WRITTEN = 40
"""Digits as sent, zeros at the end included: no longer text is worth looking at."""
_LEAST_RATE, _MOST_RATE = Decimal("1e-12"), Decimal("1e12")
_LEAST = Decimal(1).scaleb(-DECIMALS)


def amount_of(amount: Decimal, path: str) -> Decimal:
    """The amount in plain digits, not negative. Raises Rejected for what is no amount of money (NaN, 1e99, 1e-9)."""
    if not amount.is_finite():
        raise rejected(path, "is not a number")
    sign, digits, exponent = amount.as_tuple()
    if not amount:
        return Decimal(0)
    if sign:
        raise rejected(path, "is negative; money given back is a refund, with a positive amount")
    if len(digits) > _WRITTEN:
        raise rejected(path, f"has {len(digits)} digits; the most is {_WRITTEN}")
    if amount.adjusted() >= WHOLE_DIGITS:
        raise rejected(path, f"is too large; the most is below 10^{WHOLE_DIGITS}")
    # By digits, not by arithmetic, which would round 1e-999999999 to zero.
    places, text = int(exponent), "".join(map(str, digits))
    if places + len(text) - len(text.rstrip("0")) < -DECIMALS:
        raise rejected(path, f"has more than {DECIMALS} decimals")
    if places > 0:
        return amount.quantize(Decimal(1))
    return amount if places >= -DECIMALS else amount.quantize(_LEAST)


def rate_of(rate: Decimal, path: str) -> Decimal:
    """An exchange rate, 10^-12 to 10^12. Raises Rejected for anything else."""
    if not rate.is_finite() or not _LEAST_RATE <= rate <= _MOST_RATE:
        raise rejected(path, "must be above zero, from 10^-12 to 10^12: units of `quote` for one `base`")
    if len(rate.as_tuple().digits) > _WRITTEN:
        raise rejected(path, f"has more than {_WRITTEN} digits")
    return rate
