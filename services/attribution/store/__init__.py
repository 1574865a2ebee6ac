"""SQL of attribution. The caller owns the transaction; every write is idempotent by key.

Locks are taken in one order, so that nothing deadlocks: rows of attribution.deal, then the rest of a deal, and last the
marking lock (see `marks`).
"""
