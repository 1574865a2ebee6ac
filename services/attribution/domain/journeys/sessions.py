"""Sessions: a person's touches that belong together. The entry, a session's first touch, carries the credit.

A touch opens a session when it is the person's first, comes more than 30 minutes after the one before, or brings a
campaign (source, medium, name) other than the session's. A Direct touch brings none: the next page of a visit, a form
on it, or a chat continue the visit that brought the person here, instead of making Direct its last touch.
"""

from datetime import timedelta

import numpy as np

from services.attribution.domain.journeys.journeys import Ints, Mask

GAP = timedelta(minutes=30)


def entries(person: Ints, at: Ints, campaign: Ints, direct: Mask) -> Mask:
    """Per touch, whether it opens a session.

    Touches are ordered by (person, time, id); `at` in microseconds; `campaign` numbers (source, medium, name).
    """
    if not len(at):
        return np.zeros(0, dtype=np.bool_)
    visit = np.ones(len(at), dtype=np.bool_)
    visit[1:] = (person[1:] != person[:-1]) | (np.diff(at) > GAP // timedelta(microseconds=1))
    # The touch whose campaign is in force: the latest that is not Direct, though never from before this visit.
    in_force = np.maximum.accumulate(np.where(visit | ~direct, np.arange(len(at)), 0))
    current = campaign[in_force]
    opens = visit.copy()
    opens[1:] |= current[1:] != current[:-1]
    return opens
