"""What a cost says of the channel it was paid for: the same rules as for touches decide."""

from services.attribution.domain.channels import Evidence
from shared.events.spend import Spend


def spend_evidence(spend: Spend) -> Evidence:
    """A cost is classified as the click that was paid for."""
    return Evidence(kind="ad_click", source=spend.source, medium=spend.medium, campaign=spend.campaign or None)
