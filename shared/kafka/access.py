"""How every Kafka client of ours connects: one place for addresses, TLS and SASL.

What is made here is made anew for each connection, so a certificate or a password file that was renewed is taken up by
the next one.
"""

import asyncio
import ssl
from typing import Any

from aiokafka.conn import create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)

from shared.command import CLOSEDLOOP
from shared.errors import AccessDenied, ConfigError
from shared.kafka.tokens import ClientCredentials, MskIam
from shared.settings.kafka import WITH_PASSWORD, Kafka

DENIED = (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
    ssl.SSLCertVerificationError,
)
"""Kafka answers, and says no: trying again does not help until a person changes something."""

_KNOCKS_FOR = 10.0  # seconds


def client_options(kafka: Kafka) -> dict[str, Any]:
    """The arguments that every aiokafka client takes. Raises ConfigError naming a file that cannot be used."""
    if kafka.bootstrap is None:
        raise ConfigError(f"Kafka's address is not set: run `{CLOSEDLOOP} up`, or set CLOSEDLOOP_KAFKA=host:port")
    options: dict[str, Any] = {
        "bootstrap_servers": kafka.bootstrap,
        "security_protocol": kafka.security_protocol,
    }
    if kafka.security_protocol.endswith("SSL"):
        options["ssl_context"] = _tls(kafka)
    if not kafka.security_protocol.startswith("SASL"):
        return options
    if kafka.sasl_mechanism in WITH_PASSWORD:
        password = kafka.password.get_secret_value() if kafka.password else ""
        return options | {
            "sasl_mechanism": kafka.sasl_mechanism,
            "sasl_plain_username": kafka.username,
            "sasl_plain_password": password,
        }
    provider = MskIam(kafka) if kafka.sasl_mechanism == "AWS_MSK_IAM" else ClientCredentials(kafka)
    return options | {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": provider}


def denied(kafka: Kafka, error: BaseException) -> AccessDenied:
    """The error for a person: who was refused what, and where that is set."""
    who = f"user {kafka.username!r}" if kafka.username else "this client"
    return AccessDenied(
        f"Kafka at {kafka.bootstrap} refuses {who} ({kafka.security_protocol}): {type(error).__name__}: {error}. "
        "See `Managed Kafka` in docs/operations.md for the settings kafka.* and the rights that are needed."
    )


async def raise_if_denied(kafka: Kafka) -> None:
    """Raises AccessDenied when a broker refuses us; returns when one lets us in or none can be reached.

    aiokafka only logs why it could not connect, so after a failure this asks once more, with one bare connection.
    """
    options = client_options(kafka)
    for address in str(options.pop("bootstrap_servers")).split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            async with asyncio.timeout(_KNOCKS_FOR):
                connection = await create_conn(host.strip("[]"), int(port), **options)
        except DENIED as error:
            raise denied(kafka, error) from error
        except (KafkaError, OSError, TimeoutError, ValueError):
            continue
        connection.close()
        return


def _tls(kafka: Kafka) -> ssl.SSLContext:
    """A context that checks the brokers' certificates and names; it cannot be told not to."""
    try:
        context = ssl.create_default_context(cafile=str(kafka.ca_file) if kafka.ca_file else None)
        if kafka.certificate_file is not None:
            password = kafka.key_password.get_secret_value() if kafka.key_password else None
            context.load_cert_chain(kafka.certificate_file, kafka.key_file, lambda: password or "")
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(f) for f in (kafka.ca_file, kafka.certificate_file, kafka.key_file) if f is not None)
        raise ConfigError(f"kafka: TLS cannot be set up from {files}: {error}") from error
    return context
