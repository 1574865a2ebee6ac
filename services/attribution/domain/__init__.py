"""Pure attribution: journeys in, credits out. No clock, no ids, no I/O.

Read in this order: `journeys` (what is credited) -> `selection` (which touches count) -> `positions` (which of them
are first, lead_created, ...) -> `models` (weights) -> `credit` (deals, explained) -> `money` and `ledger` (amounts).
`fitting`, `models/markov` and `models/shapley` are for the models that learn channel shares from all journeys.
"""
