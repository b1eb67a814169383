"""What every answer tells a browser: not to guess what it is, not to keep it, and to tell nobody where one came from."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-store"}
_ENCODED = [(name.encode(), value.encode()) for name, value in SAFE_HEADERS.items()]


class SafeHeaders:
    """ASGI middleware that adds them where an answer says nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message.get("headers", ())}
                message["headers"] = [*message.get("headers", ()), *(pair for pair in _ENCODED if pair[0] not in given)]
            await send(message)

        await self._app(scope, receive, safely)
