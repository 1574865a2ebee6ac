"""Which path takes what. To take in another kind of thing is a row here and a file in `domain`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.ingest.domain.receipt import Receipt
from services.ingest.entrances.native import deal, lead_action, spend, touchpoint
from services.ingest.entrances.segment import call as segment
from services.ingest.http.items import Reader, SegmentReader

Event = Any
"""One of the Structs of shared.events."""


@dataclass(frozen=True)
class Route:
    """A path, what its body holds, and what becomes of it."""

    path: str
    type: str
    """The CloudEvents type of its events, which says their topic."""
    reader: Reader[Any]
    normalise: Callable[[Any, Receipt, int], Event]
    key_of: Callable[[Event], str]
    """What decides the partition."""
    id_of: Callable[[Event], str]
    """The CloudEvents id: the same for the same event sent twice."""
    secret: bool = True
    """Whether a write key will not do."""
    segment: bool = False
    """Whether the answer is Segment's; then `call` is the call the path names, if it names one."""
    call: str = ""


_SEGMENT_READER = SegmentReader()
_SEGMENT_PATHS = {
    **{name: name for name in ("track", "identify", "page", "screen", "group", "alias")},
    **{"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias"},
    **{"batch": "", "import": "", "b": ""},
}


def _segment(name: str, call: str) -> Route:
    return Route(
        path=f"/v1/{name}",
        type="closedloop.touchpoint.v1",
        reader=_SEGMENT_READER,
        normalise=segment.normalise,
        key_of=touchpoint.key_of,
        id_of=lambda event: str(event.touchpoint_id),
        secret=False,
        segment=True,
        call=call,
    )


ROUTES = (
    Route(
        path="/v1/touchpoints",
        type="closedloop.touchpoint.v1",
        reader=Reader(touchpoint.NativeTouchpoint, "touchpoints"),
        normalise=touchpoint.normalise,
        key_of=touchpoint.key_of,
        id_of=lambda event: str(event.touchpoint_id),
        secret=False,
    ),
    *(_segment(name, call) for name, call in _SEGMENT_PATHS.items()),
    Route(
        path="/v1/deals",
        type="closedloop.deal.v1",
        reader=Reader(deal.NativeDeal, "deals"),
        normalise=deal.normalise,
        key_of=deal.key_of,
        id_of=lambda event: f"{event.deal_id}@{event.updated_at.isoformat()}",
    ),
    Route(
        path="/v1/lead-actions",
        type="closedloop.lead-action.v1",
        reader=Reader(lead_action.NativeLeadAction, "lead_actions"),
        normalise=lead_action.normalise,
        key_of=lead_action.key_of,
        id_of=lambda event: str(event.action_id),
    ),
    Route(
        path="/v1/spend",
        type="closedloop.spend.v1",
        reader=Reader(spend.NativeSpend, "spend"),
        normalise=spend.normalise_spend,
        key_of=spend.spend_key,
        id_of=lambda event: f"{spend.spend_key(event)}@{event.updated_at.isoformat()}",
    ),
    Route(
        path="/v1/fx-rates",
        type="closedloop.fx-rate.v1",
        reader=Reader(spend.NativeFxRate, "fx_rates"),
        normalise=spend.normalise_fx_rate,
        key_of=spend.fx_rate_key,
        id_of=spend.fx_rate_key,
    ),
)
