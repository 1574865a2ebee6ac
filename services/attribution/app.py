"""HTTP of attribution: health, metrics, and why a deal was credited as it was."""

import hmac
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.explain import explain
from services.attribution.recompute.compute import Terms
from shared import db
from shared.service import Health, health_routes
from shared.settings import Settings

_bearer = HTTPBearer(auto_error=False, description="a source's secret key")


def create_app(settings: Settings, pool: AsyncEngine, terms: Terms, health: Health) -> FastAPI:
    """The app; it reads the database of `pool` only."""
    app = FastAPI(title="closedloop attribution", docs_url="/docs", redoc_url=None)
    app.include_router(health_routes(health))

    def secret(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
        key = (given.credentials if given else "").encode()
        if not key:
            raise HTTPException(
                401, "send a source's secret key: Authorization: Bearer KEY", {"WWW-Authenticate": "Bearer"}
            )
        if _is_one_of(key, [source.secret_key for source in settings.sources]):
            return
        if _is_one_of(key, [source.write_key for source in settings.sources]):
            raise HTTPException(403, "this is a write key; it takes the source's secret key")
        raise HTTPException(401, "unknown key", {"WWW-Authenticate": "Bearer"})

    @app.get("/v1/deals/{deal_id:path}/explain", dependencies=[Depends(secret)], tags=["deals"])
    async def explain_deal(deal_id: str) -> Response:
        """The deal, its ledger, the touches of its people, and what each earned under every model."""
        async with db.transaction(pool) as connection:
            found = await explain(connection, deal_id, terms)
        if found is None:
            raise HTTPException(404, f"no deal {deal_id!r}; ids are as the CRM sent them")
        return Response(found, media_type="application/json")

    return app


def _is_one_of(key: bytes, secrets: list[Any]) -> bool:
    known = [secret.get_secret_value().encode() for secret in secrets if secret is not None]
    # Every key is compared, so that the time taken says nothing about which came close.
    return max((hmac.compare_digest(key, own) for own in known), default=False)
