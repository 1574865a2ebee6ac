"""The company told to the running services, over HTTP like anybody's data."""

import asyncio
from collections.abc import Sequence

import httpx

from cli.demo.company import Company
from cli.demo.touches import Item
from cli.importing.send import Receiver, SendingFailed, batches, encoded
from deploy.supervise.folder import Keys

_AT_ONCE = 4


async def tell(company: Company, url: str, keys: Keys) -> None:
    """Send everything and return when all of it is acknowledged. Raises SendingFailed."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        touchpoints = Receiver(http, url, "/v1/touchpoints", keys.write_key or "")
        deals = Receiver(http, url, "/v1/deals", keys.secret_key or "")
        acts = Receiver(http, url, "/v1/lead-actions", keys.secret_key or "")
        await _send(touchpoints, company.touchpoints, _AT_ONCE)
        await _send(acts, company.lead_actions, 1)
        await _send(deals, company.deals, 1)  # a deal's versions one after the other


async def _send(receiver: Receiver, items: Sequence[Item], at_once: int) -> None:
    slots = asyncio.Semaphore(at_once)

    async def deliver(batch: list[bytes]) -> None:
        async with slots:
            if refused := await receiver.send(batch):
                place, problems = refused[0]
                raise SendingFailed(f"ingest refused {len(refused)} items, such as {batch[place].decode()}: {problems}")

    async with asyncio.TaskGroup() as group:
        for batch in batches(map(encoded, items)):
            group.create_task(deliver(batch))
