"""Tokens that prove who we are to Kafka by SASL OAUTHBEARER.

A token is asked for when a connection is made and used again until shortly before it ends, as aiokafka expects.
"""

import asyncio
import time
from importlib import import_module

import httpx
from aiokafka.abc import AbstractTokenProvider

from shared.errors import ConfigError, Unavailable
from shared.settings.kafka import Kafka

RENEWED_BEFORE = 60.0  # seconds before its end
_ANSWERS_WITHIN = 10.0


class _Kept(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no types
    """Keeps a token until it is nearly over; `_new` gets one and says how many seconds it lasts."""

    def __init__(self) -> None:
        self._token = ""
        self._until = 0.0
        self._getting = asyncio.Lock()

    async def token(self) -> str:
        """A token that is good now. Raises Unavailable when none can be had."""
        async with self._getting:
            if time.monotonic() >= self._until:
                self._token, seconds = await self._new()
                self._until = time.monotonic() + max(seconds - RENEWED_BEFORE, seconds / 2)
        return self._token

    async def _new(self) -> tuple[str, float]:
        raise NotImplementedError


class ClientCredentials(_Kept):
    """OAuth 2.0 client credentials (RFC 6749, 4.4): the client's id and secret for a token."""

    def __init__(self, kafka: Kafka) -> None:
        super().__init__()
        self._kafka = kafka

    async def _new(self) -> tuple[str, float]:
        kafka = self._kafka
        secret = kafka.oauth_client_secret.get_secret_value() if kafka.oauth_client_secret else ""
        form = {"grant_type": "client_credentials"} | ({"scope": kafka.oauth_scope} if kafka.oauth_scope else {})
        try:
            async with httpx.AsyncClient(timeout=_ANSWERS_WITHIN) as client:
                answer = await client.post(
                    str(kafka.oauth_token_url), data=form, auth=(kafka.oauth_client_id or "", secret)
                )
                answer.raise_for_status()
                given = answer.json()
                return str(given["access_token"]), float(given.get("expires_in", 300))
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"no token for Kafka from {kafka.oauth_token_url}: {error!r}") from error


class MskIam(_Kept):
    """Amazon MSK's IAM tokens, signed with whatever AWS credentials this process has (a role, the environment)."""

    def __init__(self, kafka: Kafka) -> None:
        super().__init__()
        self._region = kafka.aws_region or ""
        try:
            self._signer = import_module("aws_msk_iam_sasl_signer").MSKAuthTokenProvider
        except ImportError as error:
            raise ConfigError(
                "kafka.sasl_mechanism AWS_MSK_IAM needs one more package: pip install 'closedloop[msk]'"
            ) from error

    async def _new(self) -> tuple[str, float]:
        try:
            token, ends_ms = await asyncio.to_thread(self._signer.generate_auth_token, self._region)
        except Exception as error:
            raise Unavailable(f"AWS gives no token for MSK in {self._region}: {error!r}") from error
        return str(token), ends_ms / 1000 - time.time()
