"""What ingest answers: events by its own door, all else (health, metrics, docs) by FastAPI."""

from fastapi import FastAPI

from services.ingest.http.door import EventDoor
from services.ingest.http.intake import Intake
from services.ingest.http.routes import ROUTES
from services.ingest.openapi import describe
from shared.events import TYPES
from shared.http.api import application
from shared.http.health import Health
from shared.kafka.producer import Producer
from shared.settings import Settings


def create(settings: Settings, producer: Producer, health: Health) -> tuple[FastAPI, EventDoor]:
    """The application, and the door beside it. `producer` must know the topics that `topics` names."""
    rest = application("closedloop ingest", "Events in, durable before the answer.", settings, health)
    describe(rest, ROUTES)
    return rest, EventDoor(settings, Intake(settings, producer, ROUTES), ROUTES)


def topics(settings: Settings) -> list[str]:
    """The full names of the topics that ingest writes to."""
    written = {route.type for route in ROUTES}
    return [settings.topic("dead-letters"), *{settings.topic(kind.topic) for kind in TYPES if kind.name in written}]
