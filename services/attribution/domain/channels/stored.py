"""A stored touch classified once more, from what its row still says."""

from typing import NamedTuple

from services.attribution.domain.channels.classifier import Classifier
from services.attribution.domain.channels.evidence import Evidence
from services.attribution.domain.channels.origin import utm_in


class Ruled(NamedTuple):
    """The columns of warehouse.fct_touchpoint that the rules decide, in the table's order and by its names."""

    channel: str
    channel_rule: str
    session_source: str
    session_medium: str
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    utm_term: str | None
    utm_content: str | None
    earns_credit: bool


def evidence_of_stored(
    kind: str, ruled: Ruled, click_ids: dict[str, str], referrer: str | None, url: str | None
) -> Evidence:
    """What the touch carried when it came.

    The utm columns hold what was given, else what the URL has. Rows of the first version lack utm_source and utm_medium
    where only the URL had them, and have the rest: so what agrees with the URL is read from there.
    """
    given = ruled[4:9]
    in_url = utm_in(url)
    if (
        any(in_url[:2])
        and not any(given[:2])
        and all(mine in (None, its) for mine, its in zip(given, in_url, strict=True))
    ):
        given = (None,) * 5
    source, medium, campaign, term, content = given
    return Evidence(
        kind=kind,
        source=source,
        medium=medium,
        campaign=campaign,
        term=term,
        content=content,
        click_ids=tuple(click_ids.items()),
        referrer=referrer,
        url=url,
    )


def ruled_again(classifier: Classifier, evidence: Evidence, may_earn: bool) -> Ruled:
    """The columns under these rules; `may_earn`: a person made the touch, who did not refuse."""
    found = classifier.of(evidence)
    return Ruled(*found[:-1], may_earn and found.kind_earns)
