"""The app: its routes are in `staff`, `danger`, `alerts`, `accesses` and `deliveries`."""

from fastapi import FastAPI

from services.alerts.api import accesses, alerts, danger, deliveries, staff
from services.alerts.api.parts import Parts
from shared.http import erasures, held, keys, ops
from shared.http.app import Wall, add_routes, new_app


def build(parts: Parts, wall: Wall) -> FastAPI:
    """The service's app over its parts, which may still be opening when it starts."""
    app = new_app("alerts", wall, [parts.ready])
    app.state.parts = parts
    add_routes(app, (room.router for room in (staff, danger, alerts, accesses, deliveries, held, ops, keys, erasures)))
    return app


__all__ = ["Parts", "build"]
