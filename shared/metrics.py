"""Every metric two or more services report, named once, with what it means. A service's own are in its `metrics.py`."""

from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter("closedloop_records_total", "Kafka records handled, by topic and result", ["topic", "result"])
BATCH_SECONDS = Histogram(
    "closedloop_batch_seconds",
    "Time from a batch's arrival to its committed transaction",
    ["group"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
BATCH_RECORDS = Histogram(
    "closedloop_batch_records",
    "Records in a batch",
    ["group"],
    buckets=(1, 10, 50, 100, 500, 1000, 2500, 5000, 10000),
)
RETRIES = Counter(
    "closedloop_batch_retries_total", "Batches begun again because an engine was away", ["group", "error"]
)
HALVINGS = Counter(
    "closedloop_batch_halvings_total", "Batches done in parts, as a record was bad or all too slow", ["group"]
)
RESTARTS = Counter("closedloop_consumer_restarts_total", "Consumers made anew by the watchdog", ["group"])
LAG = Gauge("closedloop_consumer_lag", "Records not handled yet, as last seen", ["topic", "partition"])
DEAD_LETTERS = Counter("closedloop_dead_letters_total", "Events that could not be used", ["origin"])
