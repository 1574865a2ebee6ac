"""What `closedloop attribute` is made of: a CSV read, every model computed, the result written."""
