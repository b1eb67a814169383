"""Counts requests by route and status; never by address, since addresses hold ids."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.observability import HTTP_REQUESTS


class RequestCounter:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                HTTP_REQUESTS.labels(self._service, scope["method"], route_of(scope), message["status"]).inc()
            await send(message)

        await self._app(scope, receive, counting)


def route_of(scope: Scope) -> str:
    """The route's template, such as `/members/{member}`."""
    return str(getattr(scope.get("route"), "path", "unknown"))
