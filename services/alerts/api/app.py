"""The app: its routes are in `staff`, `danger`, `alerts`, `wishes`, `accesses` and `deliveries`."""

from fastapi import FastAPI

from services.alerts.api import accesses, alerts, claim_page, danger, deliveries, staff, wishes
from services.alerts.api.parts import Parts
from shared.http import erasures, held, keys, ops
from shared.http.app import Wall, add_routes, new_app
from shared.http.scopes import scopes_of

ROUTERS = [room.router for room in (staff, danger, alerts, wishes, accesses, deliveries, held, ops, keys, erasures)]
SCOPES = scopes_of(ROUTERS)
"""What a program's key can be for here."""


def build(parts: Parts, wall: Wall) -> FastAPI:
    """The service's app over its parts, which may still be opening when it starts."""
    app = new_app("alerts", wall, [parts.ready])
    app.state.parts = parts
    app.add_exception_handler(claim_page.InvalidLink, claim_page.tell_invalid)
    add_routes(app, ROUTERS)
    return app


__all__ = ["SCOPES", "Parts", "build"]
