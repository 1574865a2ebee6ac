"""Real Apache Kafka and real PostgreSQL as child processes: no Docker, no Java and no database to install.

    jars         where Kafka's jars are (fetched once, kept in the user's cache)
    kafka        one Kafka node
    postgres     one PostgreSQL server
    run_as       which user PostgreSQL runs as, for it refuses to run as root
    ports        free loopback ports, the same ones at the next start where possible
    processes    start, recognise and end child processes; the last lines of their logs

Both engines have one shape (`engine.Engine`): `prepare` what is needed once, `spawn` the process, ask whether it
`answers`. Everything they keep is below one data folder, except the jars and, as root, a copy of PostgreSQL's programs.
"""

from deploy.embedded.engine import Engine, await_answer, clear_leftovers, running, stop
from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres

__all__ = ["Engine", "Kafka", "Postgres", "await_answer", "clear_leftovers", "running", "stop"]
