"""SQL of the lifecycle, by topic. Every function works inside the caller's transaction, on many rows at once.

Rows are locked in one order everywhere (identifiers by key, accounts by key, persons by id), so that two processes
rarely meet head-on; when they do, PostgreSQL breaks the deadlock and the consume loop tries again.
"""
