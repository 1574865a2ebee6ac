"""The seeded company of `closedloop demo`: the same seed, size and dates give the same events, byte for byte.

Reading order: `story` (what is asked for), `cast` (who), `entrances` (how people arrive), then what happens:
`crowd` (passers-by), `buying` (an account's people), `selling` (sales and the deal), put together by `company`.
These are pure. `send` and `show` talk to the running services.
"""
