"""HTTP of attribution: health, metrics, why a deal was credited as it was, and a run at once."""

import hmac
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.explain import explain
from services.attribution.recompute.compute import Terms
from services.attribution.runs.answer import Run, described
from services.attribution.runs.fit import FitUnderWay, fit, look
from shared import db
from shared.http.service import Health, health_routes
from shared.settings import Settings

_bearer = HTTPBearer(auto_error=False, description="a source's secret key")


def create_app(
    settings: Settings, pool: AsyncEngine, terms: Terms, health: Health, marked: Callable[[], None]
) -> FastAPI:
    """The app; it works on the database of `pool` only, and calls `marked` when it marked deals."""
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

    @app.post("/v1/runs", dependencies=[Depends(secret)], tags=["runs"])
    async def run_now() -> Run:
        """Fit Markov and Shapley now: the finished run, or the latest when no journey has changed since."""
        if not terms.fitted:
            raise HTTPException(409, "attribution.models in closedloop.yaml names neither markov nor shapley")
        async with db.transaction(pool) as connection:
            seen = await look(connection)
        if not seen.won and seen.last is None:
            raise HTTPException(409, "no deal is won yet: there is nothing to learn from")
        try:
            run_id = await fit(pool, terms, "fit: asked for")
        except FitUnderWay as error:
            raise HTTPException(409, str(error), {"Retry-After": "10"}) from error
        marked()
        async with db.transaction(pool) as connection:
            return await described(connection, run_id)

    return app


def _is_one_of(key: bytes, secrets: list[Any]) -> bool:
    known = [secret.get_secret_value().encode() for secret in secrets if secret is not None]
    # Every key is compared, so that the time taken says nothing about which came close.
    return max((hmac.compare_digest(key, own) for own in known), default=False)
