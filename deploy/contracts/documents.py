"""Every contract document by its file's name."""

import json
from pathlib import Path

from deploy.contracts.apps import app_of, services_with_an_api
from deploy.contracts.asyncapi import asyncapi
from shared.events import all_events

FOLDER = Path(__file__).parent


def documents() -> dict[str, str]:
    found = {f"openapi-{service}.json": app_of(service).openapi() for service in services_with_an_api()}
    return {name: _text(document) for name, document in ({"asyncapi.json": asyncapi(all_events())} | found).items()}


def _text(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
