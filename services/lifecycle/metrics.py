"""The lifecycle's own metrics."""

from prometheus_client import Counter

RELAYED = Counter("closedloop_lifecycle_relayed_total", "Events sent from the outbox to Kafka")
SET_ASIDE = Counter("closedloop_lifecycle_set_aside_total", "Events that Kafka will never take, kept in the database")
SHARED = Counter("closedloop_lifecycle_shared_total", "Identifiers found to be shared by too many, by kind", ["kind"])
ALARMS = Counter("closedloop_lifecycle_sla_alarms_total", "SLA alarms that rang, by what", ["what"])
