"""How much one request may bring. The numbers are Segment's, so that its libraries never hit ours first."""

EVENT_BYTES = 32 * 1024
BATCH_BYTES = 500 * 1000
BATCH_EVENTS = 2500
KAFKA_SECONDS = 10.0
"""How long a request waits for Kafka before it is told to come again; shorter than what clients wait themselves."""
RETRY_AFTER_SECONDS = 5
