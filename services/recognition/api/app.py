"""The app: its routes are in `kudos`, `boards` and `events`."""

from fastapi import FastAPI

from services.recognition.api import boards, events, kudos
from services.recognition.api.parts import Parts
from shared.http import erasures, held, keys, ops
from shared.http.app import Wall, add_routes, new_app
from shared.http.scopes import scopes_of

LARGE = 8 * 1024 * 1024
"""A batch of 1,000 events with long messages: bytes."""

ROUTERS = [room.router for room in (kudos, boards, events, held, ops, keys, erasures)]
SCOPES = scopes_of(ROUTERS)
"""What a program's key can be for here."""


def build(parts: Parts, wall: Wall) -> FastAPI:
    """The service's app over its parts, which may still be opening when it starts."""
    app = new_app("recognition", wall, [parts.ready], {"/events": LARGE})
    app.state.parts = parts
    add_routes(app, ROUTERS)
    return app


__all__ = ["SCOPES", "Parts", "build"]
