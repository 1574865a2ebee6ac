"""How much one request may bring. The numbers are Segment's, so that its libraries never hit ours first."""

EVENT_BYTES = 32 * 1024
BATCH_BYTES = 500 * 1000
BATCH_EVENTS = 2500
LETTERS = 50
"""Rejected items of one request that have a dead letter each; the others share few."""
FOLDED_BYTES = 100_000
"""Bytes of items in one shared dead letter: as JSON within JSON they may grow sixfold, and Kafka takes 1 MB."""
TOLD = 50
"""Rejected items that an answer tells one by one; the others by reason."""
KAFKA_SECONDS = 10.0
"""How long a request waits for Kafka before it is told to come again; shorter than what clients wait themselves."""
RETRY_AFTER_SECONDS = 5
