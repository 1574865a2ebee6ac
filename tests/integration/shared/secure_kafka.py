"""The embedded broker with a second listener as managed Kafka has one: TLS, and SASL in every mechanism."""

import random
import shutil
import subprocess
import uuid
from pathlib import Path

import trustme

from deploy.embedded import Kafka
from deploy.embedded.kafka import cluster_id
from deploy.embedded.ports import LOOPBACK, is_free

USER, PASSWORD = "closedloop", "a+secret/with=signs"
_LOGIN = "org.apache.kafka.common.security"


class SecureKafka(Kafka):
    """`secure`: the listener that asks for TLS and SASL; `mutual`: the one that asks for a certificate of ours."""

    def __init__(self, data: Path, authority: trustme.CA) -> None:
        super().__init__(data)
        first = random.randrange(12_000, 19_000)
        free = [port for port in range(first, first + 200) if is_free(port)]
        self.secure, self.mutual = f"{LOOPBACK}:{free[0]}", f"{LOOPBACK}:{free[1]}"
        self._authority = authority

    def prepare(self) -> None:
        """Add the listeners, and format the storage anew with a user for SCRAM."""
        super().prepare()
        self._certificates()
        self._properties.write_text(_with_listeners(self._properties.read_text(), self))
        shutil.rmtree(self._home / "storage")
        scram = [f"--add-scram=SCRAM-SHA-{bits}=[name={USER},password={PASSWORD}]" for bits in (256, 512)]
        command = self._java("kafka.tools.StorageTool", "format", "-t", cluster_id(uuid.uuid4()), "-c",
                             self._properties, *scram)  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)

    def _certificates(self) -> None:
        issued = self._authority.issue_cert(LOOPBACK)
        pem = issued.private_key_pem.bytes() + b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        (self._home / "server.pem").write_bytes(_as_pkcs8(pem))
        (self._home / "authority.pem").write_bytes(self._authority.cert_pem.bytes())


def _as_pkcs8(pem: bytes) -> bytes:
    """Kafka reads keys in PKCS#8 only."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    key = serialization.load_pem_private_key(pem, None)
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return written + pem[pem.index(b"-----BEGIN CERTIFICATE") :]


def _with_listeners(properties: str, kafka: SecureKafka) -> str:
    kept = dict(line.split("=", 1) for line in properties.splitlines())
    home = kafka._home
    quoted = PASSWORD
    added = {
        "listeners": f"{kept['listeners']},SECURE://{kafka.secure},MUTUAL://{kafka.mutual}",
        "advertised.listeners": f"{kept['advertised.listeners']},SECURE://{kafka.secure},MUTUAL://{kafka.mutual}",
        "listener.security.protocol.map": f"{kept['listener.security.protocol.map']},SECURE:SASL_SSL,MUTUAL:SSL",
        "inter.broker.listener.name": "PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(home / "server.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(home / "authority.pem"),
        "listener.name.mutual.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        "listener.name.secure.plain.sasl.jaas.config":
            f"{_LOGIN}.plain.PlainLoginModule required user_{USER}='{quoted}';",
        "listener.name.secure.scram-sha-256.sasl.jaas.config": f"{_LOGIN}.scram.ScramLoginModule required;",
        "listener.name.secure.scram-sha-512.sasl.jaas.config": f"{_LOGIN}.scram.ScramLoginModule required;",
        "listener.name.secure.oauthbearer.sasl.jaas.config":
            f"{_LOGIN}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub='broker';",
    }  # fmt: skip
    return "".join(f"{name}={value}\n" for name, value in {**kept, **added}.items())
