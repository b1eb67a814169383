"""The app: its routes are in `surveys`, `answers`, `results` and `events`."""

from fastapi import FastAPI

from services.evaluation.api import answers, events, results, surveys
from services.evaluation.api.parts import Parts
from shared.http import erasures, held, keys, ops
from shared.http.app import Wall, add_routes, new_app

LARGE = 8 * 1024 * 1024
"""A batch of 1,000 events with comments: bytes."""


def build(parts: Parts, wall: Wall) -> FastAPI:
    """The service's app over its parts, which may still be opening when it starts."""
    app = new_app("evaluation", wall, [parts.ready], {"/events": LARGE})
    app.state.parts = parts
    add_routes(app, (room.router for room in (surveys, answers, results, events, held, ops, keys, erasures)))
    return app


__all__ = ["Parts", "build"]
