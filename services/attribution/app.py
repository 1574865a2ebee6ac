"""HTTP of attribution: health, metrics, why a deal was credited as it was, and a run at once."""

from collections.abc import Callable

from fastapi import Depends, FastAPI
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.domain.terms import Terms
from services.attribution.explain import explain
from services.attribution.runs.answer import Run, described
from services.attribution.runs.fit import FitUnderWay, fit, look
from shared import db
from shared.http.api import KEYED, application, documented, granting
from shared.http.health import Health
from shared.http.refusals import Conflict, NotFound
from shared.http.throttle import Throttle
from shared.settings import Settings


def create_app(
    settings: Settings, pool: AsyncEngine, terms: Terms, health: Health, marked: Callable[[], None]
) -> FastAPI:
    """The app; it works on the database of `pool` only, and calls `marked` when it marked deals."""
    app = application("closedloop attribution", "Why a deal was credited as it was.", settings, health)
    keys = Throttle(settings)
    reads, runs = Depends(granting(keys, "read")), Depends(granting(keys, "secret"))

    @app.get(
        "/v1/deals/{deal_id:path}/explain", dependencies=[reads], tags=["deals"], responses=documented(*KEYED, 404)
    )
    async def explain_deal(deal_id: str) -> Response:
        """The deal, its ledger, the touches of its people, and what each earned under every model."""
        async with db.transaction(pool) as connection:
            found = await explain(connection, deal_id, terms)
        if found is None:
            raise NotFound(f"no deal {deal_id!r}; ids are as the CRM sent them")
        return Response(found, media_type="application/json")

    @app.post("/v1/runs", dependencies=[runs], tags=["runs"], responses=documented(*KEYED, 409))
    async def run_now() -> Run:
        """Fit Markov and Shapley now: the finished run, or the latest when no journey has changed since."""
        if not terms.fitted:
            raise Conflict("attribution.models in closedloop.yaml names neither markov nor shapley")
        async with db.transaction(pool) as connection:
            seen = await look(connection)
        if not seen.won and seen.last is None:
            raise Conflict("no deal is won yet: there is nothing to learn from")
        try:
            run_id = await fit(pool, terms, "fit: asked for")
        except FitUnderWay as error:
            raise Conflict(str(error), retry_after=10) from error
        marked()
        async with db.transaction(pool) as connection:
            return await described(connection, run_id)

    return app
