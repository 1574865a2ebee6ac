"""Kafka plumbing: `topics` makes them, `producer` sends, `consume` is the one consume loop every service uses.

Behind `producer`: a `connection` that is given up when it breaks, with a `lane` for each partition."""
