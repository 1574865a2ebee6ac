"""`attribution`: attribution on a fresh database, with every rule model and US dollars."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.attribution.taking import Taking, taking


@pytest.fixture
async def attribution(database_url: str) -> AsyncIterator[Taking]:
    """See `taking`."""
    async with taking(database_url) as one:
        yield one
