"""Each service's app without a database: as its OpenAPI document and the tests of its routes need it.

A service is a folder with a `__main__.py` (as in deploy/roster.py); one with HTTP has `services/NAME/api` with `Parts`, an
`Opening`, and `build(parts, wall) -> FastAPI`.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, cast

from fastapi import FastAPI

from shared.auth import Tokens
from shared.http.app import Wall
from shared.http.limits import RateLimit

SERVICES = Path(__file__).resolve().parents[2] / "services"


def services_with_an_api(folder: Path = SERVICES) -> list[str]:
    found = {path.parent for path in folder.glob("*/__main__.py")} & {path.parent.parent for path in folder.glob("*/api/*.py")}
    return sorted(path.name for path in found)


def app_of(service: str) -> FastAPI:
    """The app with all its routes, whose parts are never opened."""
    api = importlib.import_module(f"services.{service}.api")
    build = cast(Callable[[Any, Wall], FastAPI], api.build)
    return build(api.Parts(_never, _never), Wall(Tokens(Path("no-keys.json")), RateLimit(1.0)))


def _never(*_: object) -> NoReturn:
    raise RuntimeError("an app without a database was asked to open one")
