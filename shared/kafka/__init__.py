"""Kafka plumbing: `topics` makes them, `producer` sends, `consume` is the one consume loop every service uses."""
