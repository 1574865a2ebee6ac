"""Where Kafka is, how we prove who we are there, and how topics are made."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from shared.settings.section import Name, Section

Secured = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "AWS_MSK_IAM"]
WITH_PASSWORD = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class Kafka(Section):
    """Kafka's address, its security as Kafka's own documentation names it, and how topics are made."""

    bootstrap: str | None = Field(None, description="host:port[,host:port]; none: the embedded one (CLOSEDLOOP_KAFKA)")
    topic_prefix: Name = Field("closedloop", description="topics are <prefix>.<topic>, groups <prefix>.<service>")
    partitions: int = Field(6, ge=1, le=1000, description="of a topic that does not exist yet")
    replication: int = Field(1, ge=1, le=10, description="of a topic that does not exist yet")
    security_protocol: Secured = Field("PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL")
    ca_file: Path | None = Field(None, description="PEM: who signed the brokers' certificates; none: the system's")
    certificate_file: Path | None = Field(None, description="PEM: our own certificate, where brokers ask for one")
    key_file: Path | None = Field(None, description="PEM: its private key")
    key_password: SecretStr | None = Field(None, description="the private key's password")
    sasl_mechanism: Mechanism = Field("SCRAM-SHA-512", description="how SASL_* proves who we are")
    username: str | None = Field(None, description="for PLAIN and SCRAM")
    password: SecretStr | None = Field(None, description="for PLAIN and SCRAM")
    oauth_token_url: str | None = Field(None, description="for OAUTHBEARER: where a client gets its token")
    oauth_client_id: str | None = Field(None, description="for OAUTHBEARER")
    oauth_client_secret: SecretStr | None = Field(None, description="for OAUTHBEARER")
    oauth_scope: str | None = Field(None, description="for OAUTHBEARER, where the token's giver asks for one")
    aws_region: str | None = Field(None, description="for AWS_MSK_IAM")
    instance: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,150}$")] | None = Field(
        None, description="names this process among those of its service, so that its next start gets its work at once"
    )

    @model_validator(mode="after")
    def _is_whole(self) -> "Kafka":
        if self.certificate_file is not None and self.key_file is None:
            raise ValueError("certificate_file needs key_file, the private key that belongs to it")
        if not self.security_protocol.startswith("SASL"):
            return self
        needed = {"AWS_MSK_IAM": ("aws_region",), "OAUTHBEARER": ("oauth_token_url", "oauth_client_id")}
        for key in needed.get(self.sasl_mechanism, ("username", "password")):
            if getattr(self, key) is None:
                raise ValueError(f"security_protocol {self.security_protocol} with {self.sasl_mechanism} needs {key}")
        return self
