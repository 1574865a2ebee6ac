"""What ingest reports of its own."""

from prometheus_client import Counter, Gauge

REQUESTS = Counter("closedloop_ingest_requests_total", "Requests answered, by path and status", ["path", "status"])
ACCEPTED = Counter("closedloop_ingest_accepted_total", "Items that Kafka has, by source", ["source"])
REJECTED = Counter("closedloop_ingest_rejected_total", "Items kept as dead letters, by source", ["source"])
KAFKA_UP = Gauge("closedloop_ingest_kafka_up", "1 when events can be taken in")
