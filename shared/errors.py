"""Every error closedloop raises on purpose.

ClosedloopError              something a person can mend; the message says how
├── ConfigError              the YAML file or an environment variable is wrong: names file, line and key
├── EngineError              Kafka or PostgreSQL did not start, or does not answer
│   └── AccessDenied         it answers and says no: a right, a password or a certificate is wrong
├── Unavailable              Kafka or PostgreSQL is away just now: try again later (HTTP 503)
├── Refused                  Kafka will never take this record, however often it is sent: set it aside
├── BadRecord                one record cannot be used: it becomes a dead letter with this reason
└── TooManyBadRecords        so many records in a row are bad that the consumer stops rather than drain a topic
"""


class ClosedloopError(Exception):
    """Something a person can mend; the message says how."""


class ConfigError(ClosedloopError):
    """The configuration is wrong; the message names the file, the line and the key."""


class EngineError(ClosedloopError):
    """Kafka or PostgreSQL did not start, or does not answer."""


class AccessDenied(EngineError):
    """Kafka or PostgreSQL says no to us. Trying again does not help: the message says which right or setting does."""


class Unavailable(ClosedloopError):
    """Kafka or PostgreSQL is away just now; nothing was stored, try again later."""


class Refused(ClosedloopError):
    """Kafka will never take one of the records: it is too large or malformed. Trying again does not help."""


class BadRecord(ClosedloopError):
    """One record cannot be used. The message is the reason kept with the dead letter."""


class TooManyBadRecords(ClosedloopError):
    """Bad records exceed the set ratio; the consumer stops so that a person looks before a topic is drained."""
