"""Whether a service is alive and ready, and its metrics."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest


class Health:
    """Which parts are ready. Liveness asks nobody: it answers as long as the process can."""

    def __init__(self, *parts: str) -> None:
        self._waiting = dict.fromkeys(parts, "starting")

    def ready(self, part: str, is_ready: bool, why: str = "not ready") -> None:
        """Note that a part became ready, or why it is not."""
        if is_ready:
            self._waiting.pop(part, None)
        else:
            self._waiting[part] = why

    @property
    def waiting(self) -> dict[str, str]:
        """The parts that are not ready and why; empty means ready."""
        return dict(self._waiting)


def health_routes(health: Health) -> APIRouter:
    """/health/live and /health/ready."""
    router = APIRouter(tags=["operations"])

    @router.get("/health/live")
    async def live() -> dict[str, str]:
        """Whether the process is alive; it asks nobody."""
        return {"status": "alive"}

    @router.get("/health/ready", responses={503: {"description": "Not ready; `waiting` says for what."}})
    async def ready() -> JSONResponse:
        """Whether requests will be answered: `waiting` names each part that is away, and why."""
        waiting = health.waiting
        return JSONResponse({"ready": not waiting, "waiting": waiting}, 503 if waiting else 200)

    return router


def metrics_routes() -> APIRouter:
    """/metrics."""
    router = APIRouter(tags=["operations"])

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """Prometheus' text format."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
