"""What the versions of a deal amount to: its ledger (`fold`), whose deal it is (`account`), what touches it (`keys`).

Pure. Reading order: `version` -> `fold` -> `account`, `keys`.
"""
