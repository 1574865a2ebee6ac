"""Which touches open a session."""

import numpy as np
import pytest

from services.attribution.domain.journeys.sessions import entries

MINUTE = 60_000_000

EXAMPLES = {
    "one campaign, half an hour apart at most, is one session": ("0 ads, 30 ads, 60 ads", [1, 0, 0]),
    "more than half an hour is a new one": ("0 ads, 30.1 ads", [1, 1]),
    "another campaign is a new one": ("0 ads, 5 mail, 10 mail", [1, 1, 0]),
    "a campaign that comes back is a new one": ("0 ads, 5 mail, 10 ads", [1, 1, 1]),
    "Direct goes on with the visit that brought the person": ("0 ads, 5 Direct, 10 Direct, 15 ads", [1, 0, 0, 0]),
    "a visit that began Direct and then brought a campaign is two": ("0 Direct, 5 ads, 10 Direct", [1, 1, 0]),
    "Direct after a pause is a session of its own": ("0 ads, 45 Direct, 50 Direct", [1, 1, 0]),
    "Direct carries the campaign over the half hour": ("0 ads, 25 Direct, 50 ads", [1, 0, 0]),
    "another person's touches are another's sessions": ("0 ads, 5 ads/bob, 6 ads/bob", [1, 1, 0]),
    "no touches are no sessions": ("", []),
}


@pytest.mark.parametrize(("path", "expected"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_touches_open_sessions(path: str, expected: list[int]) -> None:
    steps = [step.strip().partition("/") for step in path.split(",")] if path else []
    minutes = [float(what.split()[0]) for what, _, _ in steps]
    campaigns = [what.split()[1] for what, _, _ in steps]
    opens = entries(
        np.array([len(who) for _, _, who in steps], dtype=np.int64),
        np.array([int(minute * MINUTE) for minute in minutes], dtype=np.int64),
        np.array([sorted(set(campaigns)).index(name) for name in campaigns], dtype=np.int64),
        np.array([name == "Direct" for name in campaigns], dtype=np.bool_),
    )
    assert opens.astype(int).tolist() == expected
