"""What a cost says of the channel it was paid for: the same rules as for touches decide."""

from services.attribution.domain.channels import Evidence


def cost_evidence(source: str, medium: str, campaign: str) -> Evidence:
    """A cost is classified as the click that was paid for."""
    return Evidence(kind="ad_click", source=source, medium=medium, campaign=campaign or None)
