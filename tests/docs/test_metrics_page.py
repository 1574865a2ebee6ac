"""What operators watch is what the code reports."""

import re

from prometheus_client import Counter, Gauge, Histogram

from shared import metrics
from tests.places import DOCS

PAGE = DOCS / "operations.md"


def test_every_shared_metric_that_counts_work_is_on_the_operations_page() -> None:
    named = set(re.findall(r"`(closedloop_\w+)`", PAGE.read_text()))
    collectors = [value for value in vars(metrics).values() if isinstance(value, Counter | Gauge | Histogram)]
    reported = {
        family.name + ("_total" if isinstance(collector, Counter) else "")
        for collector in collectors
        for family in collector.describe()
    }
    roles = {"closedloop_ingest", "closedloop_lifecycle", "closedloop_attribution"}
    assert named - roles <= reported
    assert reported - named <= {"closedloop_batch_records"}
