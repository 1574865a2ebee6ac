"""What was paid for a channel."""
