"""The app: its routes are in `members`, `check_ins`, `events` and `crisis`."""

from fastapi import FastAPI

from services.checkins.api import check_ins, crisis, events, members
from services.checkins.api.parts import Parts
from shared.http import erasures
from shared.http.app import Wall, add_routes, new_app

LARGE = 64 * 1024 * 1024
"""A batch of 1,000 with the longest notes, each character in four bytes: bytes."""


def build(parts: Parts, wall: Wall) -> FastAPI:
    """The service's app over its parts, which may still be opening when it starts."""
    app = new_app("checkins", wall, [parts.ready], {"/check-ins/batch": LARGE, "/events": LARGE})
    app.state.parts = parts
    add_routes(app, (room.router for room in (members, check_ins, events, crisis, erasures)))
    return app


__all__ = ["Parts", "build"]
