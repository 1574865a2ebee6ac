"""A service that is killed when it first commits offsets: its batch is in the database, and Kafka does not know.

`python -m tests.faults.dies_before_committing attribution`
"""

import importlib
import os
import signal
import sys

from aiokafka import AIOKafkaConsumer


async def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    AIOKafkaConsumer.commit = _die
    importlib.import_module(f"services.{sys.argv[1]}.__main__").main()
