"""The touches that have a name: first, lead_created, opportunity_created, closed, last.

A position is one array with an entry per journey: the index of the touch that holds it, or -1.
"""

import numpy as np
import numpy.typing as npt

from services.attribution.domain.journeys.journeys import MISSING, Ints, Journeys, Mask

NAMES = ("first", "lead_created", "opportunity_created", "closed", "last")
BITS = {"first": 1, "lead_created": 2, "opportunity_created": 4, "closed": 8}

Positions = dict[str, Ints]


def locate(journeys: Journeys, kept: Ints, journey: Ints, offsets: Ints) -> Positions:
    """Positions among the kept touches (`kept` indexes the touches of `journeys`, `journey` names each one's owner).

    first: the earliest. lead_created: the latest at or before the lead's creation, of the contact whose lead came
    first. opportunity_created: the latest at or before that moment. closed, last: the latest (selection ends there).
    What the data itself states wins over what the times say.
    """
    n = len(offsets) - 1
    empty = offsets[:-1] == offsets[1:]
    first = np.where(empty, -1, offsets[:-1])
    last = np.where(empty, -1, offsets[1:] - 1)
    at, contact, lead = journeys.at[kept], journeys.contact[kept], journeys.lead_contact
    positions = {"first": first, "closed": last, "last": last}
    for name, moments in (
        ("lead_created", journeys.lead_created_at),
        ("opportunity_created", journeys.opportunity_created_at),
    ):
        if not np.any(moments != MISSING):
            positions[name] = np.full(n, -1)
            continue
        eligible = at <= moments[journey]
        if name == "lead_created":
            eligible &= (lead[journey] == -1) | (lead[journey] == contact)
        positions[name] = _latest(eligible, offsets)
    if journeys.stated is not None:
        _state(positions, journeys.stated[kept], offsets)
    return positions


def names(positions: Positions, touches: int) -> list[str]:
    """What each touch is called, such as "first+lead_created"; "middle" for a touch that holds no position."""
    held: list[list[str]] = [[] for _ in range(touches)]
    for name in NAMES:
        for index in positions[name][positions[name] >= 0].tolist():
            # The last touch of a closed deal is its closing touch: one name for one thing.
            if name != "last" or "closed" not in held[index]:
                held[index].append(name)
    return ["+".join(own) or "middle" for own in held]


def _state(positions: Positions, stated: npt.NDArray[np.uint8], offsets: Ints) -> None:
    """Put the marked touches in. When several claim one position: the earliest for first, else the latest."""
    for name, bit in BITS.items():
        claimed = (stated & bit) != 0
        if not claimed.any():
            continue
        held = _earliest(claimed, offsets) if name == "first" else _latest(claimed, offsets)
        positions[name] = np.where(held >= 0, held, positions[name])


def _latest(eligible: Mask, offsets: Ints) -> Ints:
    """The last eligible index of each segment, -1 for none."""
    found = np.full(len(offsets) - 1, -1, dtype=np.int64)
    nonempty = np.flatnonzero(offsets[:-1] < offsets[1:])
    if len(nonempty):
        index = np.where(eligible, np.arange(len(eligible)), -1)
        found[nonempty] = np.maximum.reduceat(index, offsets[nonempty])
    return found


def _earliest(eligible: Mask, offsets: Ints) -> Ints:
    reversed_offsets = len(eligible) - offsets[::-1]
    found = _latest(eligible[::-1], reversed_offsets)[::-1]
    return np.where(found >= 0, len(eligible) - 1 - found, -1)
