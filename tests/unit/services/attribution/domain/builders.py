"""Small builders: a journey in one line."""

from datetime import UTC, datetime, timedelta

from services.attribution.domain.journeys.journeys import Journey, Touch

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(n: float) -> datetime:
    """Midnight of the n-th day."""
    return START + timedelta(days=n)


def journey(path: str, **facts: object) -> Journey:
    """A journey of a path such as "Email > Direct/ann > Events@9/bob": channel, @day (its index) and /contact."""
    touches = []
    for i, written in enumerate(path.split(">") if path else []):
        step, _, contact = written.strip().partition("/")
        channel, _, at = step.partition("@")
        touches.append(Touch(f"t{i}", day(float(at or i)), channel.strip(), contact or None))
    for name in ("closed_at", "lead_created_at", "opportunity_created_at"):
        if isinstance(facts.get(name), int | float):
            facts[name] = day(facts[name])
    return Journey(facts.pop("deal_id", "deal"), tuple(touches), **facts)
