"""What can be configured, with defaults that work. Sections that only one service reads are checked by that service."""

from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

import limits
from pydantic import Field, SecretStr, field_validator

from shared.command import CLOSEDLOOP
from shared.errors import ConfigError
from shared.settings.kafka import Kafka
from shared.settings.section import Name, Section

__all__ = ["Consumer", "Http", "Kafka", "Section", "Settings", "Source"]

CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Source(Section):
    """Somebody who sends events: a web site, an app, a CRM. Its keys say what it may send."""

    name: Name = Field(description="names the source in every table")
    write_key: SecretStr | None = Field(None, description="public key; may send touchpoints")
    read_key: SecretStr | None = Field(None, description="may read leads, deals and why they are so; sends nothing")
    secret_key: SecretStr | None = Field(None, description="secret key; may send deals, spend and lead actions")
    crm: Name = Field("crm", description="the CRM it speaks for; sources of one CRM share its deals")
    rate: str | None = Field(None, description='the most it may send, such as "500/second"; none: no limit')

    @field_validator("crm")
    @classmethod
    def _begins_no_key_of_ours(cls, crm: str) -> str:
        # Accounts known by a domain or a name alone have the keys `domain:acme.com` and `name:acme`.
        if crm in ("domain", "name"):
            raise ValueError(f"{crm!r} cannot be the name of a CRM: accounts without an id are kept under {crm}:...")
        return crm

    @field_validator("rate")
    @classmethod
    def _is_a_rate(cls, rate: str | None) -> str | None:
        try:
            known = rate is None or limits.parse(rate).amount > 0
        except ValueError:
            known = False
        if not known:
            raise ValueError(f'{rate!r} is not a rate such as "500/second"')
        return rate


class Http(Section):
    """Where the services listen. Ingest takes `port`, lifecycle port+1, attribution port+2."""

    host: str = Field("127.0.0.1", description="the address to listen on; only this machine unless told otherwise")
    port: int = Field(8080, ge=1, le=65533, description="ingest's port; the other services' follow it")
    operations_port: int | None = Field(
        None,
        ge=1,
        le=65533,
        description="ingest's port for metrics and health, the others' follow; none: the public one",
    )
    failed_keys: int = Field(20, ge=1, description="wrong keys an address may send in a minute; then it has to wait")
    connections: int = Field(10_000, ge=1, description="the most connections a service holds; more are told 503")
    idle_seconds: float = Field(30, gt=0, description="a connection without a request under way is closed after this")
    request_seconds: float = Field(30, gt=0, description="the longest a request, headers and body, may take to come")
    in_flight_bytes: int = Field(
        64 * 1024 * 1024, ge=1, description="bytes of all bodies a service holds at a time; more are told 503"
    )


class Consumer(Section):
    """How the consume loops work."""

    batch: int = Field(5000, ge=1, le=100_000, description="the most records in one transaction")
    bad_ratio: float = Field(0.5, gt=0, le=1, description="a larger share of bad records than this stops the consumer")
    bad_window: int = Field(1000, ge=10, description="the records over which the share of bad ones is taken")
    deadline_seconds: float = Field(60, gt=0, description="the longest one batch or one call to Kafka may take")
    stall_seconds: float = Field(120, gt=0, description="no progress for this long, though there is lag: start afresh")


class Identity(Section):
    """What counts as an identifier, and how many people one may be shared by before it says nothing."""

    junk: tuple[str, ...] = Field((), description="what names nobody in your data, beside the usual words")
    most: int = Field(10, ge=2, le=1000, description="more strong partners of one kind than this: shared, links nobody")
    most_hands: int = Field(50, ge=2, le=100_000, description="changed hands more often than this: a kiosk's browser")
    most_browsers: int = Field(1000, ge=10, le=10_000, description="more browsers than this: none is taken for its own")
    most_joined: int = Field(50, ge=5, le=500, description="more identifiers than this are not taken for one person's")


class Settings(Section):
    """Everything, as one immutable value."""

    data: Path = Field(Path(".closedloop"), description="the folder of embedded engines, logs and generated keys")
    database_url: SecretStr | None = Field(
        None,
        description="postgresql://user:password@host:port/name; none: the embedded one (CLOSEDLOOP_DATABASE_URL)",
    )
    base_currency: CurrencyCode = Field("USD", description="the currency of every *_base column")
    reporting_zone: str = Field("UTC", description="the time zone whose days and months reports count in")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="the least that is logged")
    kafka: Kafka = Kafka()
    http: Http = Http()
    consumer: Consumer = Consumer()
    sources: tuple[Source, ...] = Field((), description="who may send; none: one source named `default`")
    identity: Identity = Identity()
    lifecycle: dict[str, Any] = Field({}, description="stages, scoring, assignment and clocks; see docs/lifecycle.md")
    channels: dict[str, Any] = Field({}, description="preset, own_domains and rules; see docs/channels.md")
    attribution: dict[str, Any] = Field({}, description="models and their settings; see docs/models.md")

    @field_validator("reporting_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is no time zone; use a name such as Europe/Berlin")
        return name

    @field_validator("sources")
    @classmethod
    def _distinct(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        names = [source.name for source in sources]
        if len(set(names)) < len(names):
            raise ValueError("two sources have the same name; each needs its own")
        keys = [k.get_secret_value() for s in sources for k in (s.write_key, s.read_key, s.secret_key) if k is not None]
        if len(set(keys)) < len(keys):
            raise ValueError("two sources (or two kinds of key) share a key; each needs its own")
        return sources

    @property
    def kafka_bootstrap(self) -> str:
        """Kafka's address, known once `closedloop up` (or CLOSEDLOOP_KAFKA) has said it."""
        if self.kafka.bootstrap is None:
            raise ConfigError(f"Kafka's address is not set: run `{CLOSEDLOOP} up`, or set CLOSEDLOOP_KAFKA=host:port")
        return self.kafka.bootstrap

    @property
    def postgres_url(self) -> str:
        """PostgreSQL's address, known once `closedloop up` (or CLOSEDLOOP_DATABASE_URL) has said it."""
        if self.database_url is None:
            raise ConfigError(f"PostgreSQL's address is not set: run `{CLOSEDLOOP} up`, or set CLOSEDLOOP_DATABASE_URL")
        return self.database_url.get_secret_value()

    def topic(self, name: str) -> str:
        """The Kafka name of a topic: `touchpoints` -> `closedloop.touchpoints`."""
        return f"{self.kafka.topic_prefix}.{name}"

    def group(self, service: str) -> str:
        """The consumer group of a service: `lifecycle` -> `closedloop.lifecycle`."""
        return f"{self.kafka.topic_prefix}.{service}"
