"""Metrics of attribution."""

from prometheus_client import Counter, Histogram

RECOMPUTED = Counter(
    "closedloop_deals_recomputed_total", "Deals computed again: changed, unchanged or failed", ["result"]
)
FIT_SECONDS = Histogram(
    "closedloop_fit_seconds",
    "Time one run of the fitted models took, committed",
    buckets=(0.1, 1, 5, 15, 60, 300, 900, 3600),
)
RECOMPUTE_SECONDS = Histogram(
    "closedloop_recompute_seconds",
    "Time one chunk of marked deals took, committed",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
