"""Kafka as a cloud gives it: TLS with an authority of its own, and SASL. Producer, consumer and admin, each way."""

import asyncio
import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr, ValidationError

from deploy.embedded import running
from deploy.supervise.backlog import BacklogReader
from shared import db
from shared.errors import AccessDenied, ConfigError, Unavailable
from shared.http.health import Health
from shared.kafka.access import client_options
from shared.kafka.consume import ConsumeLoop
from shared.kafka.producer import Producer
from shared.kafka.topics import ensure_topics
from shared.settings import Settings
from shared.settings.kafka import Kafka
from tests.integration.shared.bench import a_record, store
from tests.integration.shared.secure_kafka import PASSWORD, USER, SecureKafka

TOPICS = ("touchpoints", "deals", "lead-actions", "people", "spend", "dead-letters")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[SecureKafka]:
    with running(SecureKafka(tmp_path_factory.mktemp("secure") / "data", authority)) as kafka:
        yield kafka


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Path:
    """authority.pem, and a client's certificate and key as a person would have them."""
    folder = tmp_path_factory.mktemp("certificates")
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    client = authority.issue_cert("client.example")
    client.private_key_pem.write_to_path(str(folder / "client.key"))
    client.cert_chain_pems[0].write_to_path(str(folder / "client.pem"))
    return folder


@pytest.fixture(scope="module")
def tokens() -> Iterator[str]:
    """Somebody who gives OAuth tokens (unsigned ones, which the broker takes unless told otherwise)."""

    class Giver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            expected = "Basic " + base64.b64encode(b"me:my secret").decode()
            self.send_response(200 if self.headers["Authorization"] == expected else 401)
            self.end_headers()
            self.wfile.write(json.dumps({"access_token": _token(), "expires_in": 3600}).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Giver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/token"
    server.shutdown()


def _token() -> str:
    now = int(time.time())
    parts = {"alg": "none"}, {"sub": "me", "iat": now, "exp": now + 3600, "scope": "kafka"}
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."


def secure(broker: SecureKafka, files: Path, **more: Any) -> Kafka:
    keys = {"security_protocol": "SASL_SSL", "ca_file": files / "authority.pem", "username": USER,
            "password": SecretStr(PASSWORD), "partitions": 2}  # fmt: skip
    return Kafka(**{"bootstrap": broker.secure, **keys, **more})


async def goes_round(kafka: Kafka, settings: Settings) -> None:
    """Make topics, send, consume, commit, and look at the backlog."""
    prefix = f"t{time.monotonic_ns()}"
    settings = settings.model_copy(update={"kafka": kafka.model_copy(update={"topic_prefix": prefix})})
    await ensure_topics(settings.kafka, TOPICS, deadline_seconds=30)
    pool, producer, stop = db.engine(settings.postgres_url), Producer(settings.kafka), asyncio.Event()
    async with db.transaction(pool) as connection:
        await connection.execute("CREATE TABLE seen (name text)")
    await producer.start()
    loop = ConsumeLoop(settings, "attribution", ["spend"], store, pool, producer, Health())
    consuming = asyncio.create_task(loop.run(stop))
    try:
        await producer.send([a_record(settings, f"n{number}") for number in range(20)])
        async with asyncio.timeout(40), BacklogReader(settings) as reader:
            while (await reader.look()).lag[settings.group("attribution")]:
                await asyncio.sleep(0.1)
        async with db.transaction(pool) as connection:
            assert await connection.fetchval("SELECT count(*) FROM seen") == 20
    finally:
        stop.set()
        await consuming
        await producer.stop()
        await pool.dispose()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_a_user_and_a_password_over_tls(
    broker: SecureKafka, files: Path, settings: Settings, mechanism: str
) -> None:
    await goes_round(secure(broker, files, sasl_mechanism=mechanism), settings)


async def test_a_token_by_oauth(broker: SecureKafka, files: Path, settings: Settings, tokens: str) -> None:
    oauth = {"oauth_token_url": tokens, "oauth_client_id": "me", "oauth_client_secret": SecretStr("my secret")}
    await goes_round(secure(broker, files, sasl_mechanism="OAUTHBEARER", **oauth), settings)


async def test_a_certificate_of_our_own(broker: SecureKafka, files: Path, settings: Settings) -> None:
    own = {"certificate_file": files / "client.pem", "key_file": files / "client.key"}
    mutual = Kafka(bootstrap=broker.mutual, security_protocol="SSL", ca_file=files / "authority.pem", **own)
    await goes_round(mutual.model_copy(update={"partitions": 2}), settings)


async def test_a_wrong_password_is_one_sentence_at_once(broker: SecureKafka, files: Path) -> None:
    for mechanism in ("PLAIN", "SCRAM-SHA-256"):
        wrong = secure(broker, files, sasl_mechanism=mechanism, password=SecretStr("wrong"))
        with pytest.raises(AccessDenied, match=r"refuses user 'closedloop' .*SaslAuthenticationFailed"):
            async with asyncio.timeout(20):
                await ensure_topics(wrong, TOPICS)


async def test_a_broker_that_another_authority_signed_is_not_believed(broker: SecureKafka, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    with pytest.raises(AccessDenied, match="CERTIFICATE_VERIFY_FAILED"):
        await ensure_topics(secure(broker, tmp_path), TOPICS, deadline_seconds=20)
    with pytest.raises(AccessDenied, match="CERTIFICATE_VERIFY_FAILED"):
        await ensure_topics(secure(broker, tmp_path, ca_file=None), TOPICS, deadline_seconds=20)


async def test_who_gives_no_token_is_named(broker: SecureKafka, files: Path, tokens: str) -> None:
    oauth = {"oauth_token_url": tokens, "oauth_client_id": "me", "oauth_client_secret": SecretStr("wrong")}
    with pytest.raises(Unavailable, match="no token for Kafka from http"):
        await ensure_topics(secure(broker, files, sasl_mechanism="OAUTHBEARER", **oauth), TOPICS, deadline_seconds=20)


def test_what_is_missing_or_cannot_be_read_is_named(tmp_path: Path) -> None:
    for more, missing in [
        ({}, "needs username"),
        ({"username": "u"}, "needs password"),
        ({"sasl_mechanism": "OAUTHBEARER"}, "needs oauth_token_url"),
        ({"sasl_mechanism": "AWS_MSK_IAM"}, "needs aws_region"),
    ]:
        with pytest.raises(ValidationError, match=missing):
            Kafka(bootstrap="k:1", security_protocol="SASL_SSL", **more)
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        client_options(Kafka(bootstrap="k:1", security_protocol="SSL", ca_file=tmp_path / "nowhere.pem"))
    with pytest.raises(ConfigError, match=r"closedloop\[msk\]"):
        client_options(
            Kafka(bootstrap="k:1", security_protocol="SASL_SSL", sasl_mechanism="AWS_MSK_IAM", aws_region="eu-west-1")
        )
