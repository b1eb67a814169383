"""The app: its routes are in `members`, `own_data`, `check_ins`, `events` and `crisis`."""

from fastapi import FastAPI

from services.checkins.api import check_ins, crisis, events, members, own_data
from services.checkins.api.parts import Parts
from shared.http import erasures, held, keys
from shared.http.app import Wall, add_routes, new_app
from shared.http.scopes import scopes_of

LARGE = 64 * 1024 * 1024
"""A batch of 1,000 with the longest notes, each character in four bytes: bytes."""

ROUTERS = [room.router for room in (members, own_data, held, check_ins, events, crisis, keys, erasures)]
SCOPES = scopes_of(ROUTERS)
"""What a program's key can be for here."""


def build(parts: Parts, wall: Wall) -> FastAPI:
    """The service's app over its parts, which may still be opening when it starts."""
    app = new_app("checkins", wall, [parts.ready], {"/check-ins/batch": LARGE, "/events": LARGE})
    app.state.parts = parts
    add_routes(app, ROUTERS)
    return app


__all__ = ["SCOPES", "Parts", "build"]
