"""`make bench`: how fast closedloop is on this machine, load generator and engines included.

stack      real engines and services, and the CPU each of their processes used
workload   seeded touchpoints and deals, as request bodies
load       an HTTP/1.1 client lean enough not to be what is measured
ingest, pipeline, latency, recompute, models   one figure group each: `run(...) -> list[Row]`
"""
