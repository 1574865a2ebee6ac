"""Money as sent: exact decimals, within what a report can hold."""

from decimal import Decimal

from services.ingest.domain.rejection import rejected

_LARGEST = Decimal("1e15")
_DECIMALS = 6


def amount_of(amount: Decimal, path: str) -> Decimal:
    """The amount, not negative. Raises Rejected for what is no amount of money (NaN, 1e99, a millionth of a cent)."""
    if not amount.is_finite():
        raise rejected(path, "is not a number")
    if amount < 0:
        raise rejected(path, "is negative; money given back is a refund, with a positive amount")
    if amount >= _LARGEST:
        raise rejected(path, "is too large; the most is below 10^15")
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_DECIMALS:
        raise rejected(path, f"has more than {_DECIMALS} decimals")
    return amount
