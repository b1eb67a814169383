"""The API as its callers meet it, over a world's store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import httpx

from deploy.keys import Keys
from services.alerts import api
from services.alerts.api.parts import OpenParts
from services.alerts.application.commands import Commands
from services.alerts.application.holdings import Holdings
from services.alerts.application.owing import Owing
from services.alerts.application.reading import Reading
from services.alerts.stream import READER
from shared.auth import Tokens
from shared.http.app import Wall
from shared.http.idempotency import Answers
from shared.http.limits import RateLimit
from shared.http.writes import Writes
from shared.projection.positions import Positions
from shared.store.encryption import DataKeys
from shared.store.key_encryption import KeyFile
from tests.alerts.world import World


class Door:
    """Calls the API as somebody; `as_` gives the headers of each kind of caller."""

    def __init__(self, client: httpx.AsyncClient, keys: Keys) -> None:
        self.client = client
        self.keys = keys

    def as_(self, role: str, member: UUID | None = None) -> dict[str, str]:
        if role == "service":
            token = self.keys.token("service:test", scopes=["alerts:read"])
        else:
            token = self.keys.token(str(member) if member else f"{role}:test", roles=[role])
        return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def door_to(world: World, folder: Path) -> AsyncIterator[Door]:
    keys = Keys(folder)
    keys.make()
    owing = Owing(world.store, world.clock)
    answers = Answers(world.store, DataKeys(world.store, KeyFile(folder / "kek")), world.clock)
    writes = Writes(world.store, answers, Commands(world.alerts, world.staff, owing, world.wishing).decide)
    reached = Positions(world.store, READER).reached
    reading = Reading(world.store, world.clock)
    opened = OpenParts(world.store, writes, reading, owing, world.links, reached)
    opened.holdings = Holdings(world.store, reading, world.key)
    parts = api.Parts(lambda: opened, lambda parts: parts.check())
    await parts.run()
    app = api.build(parts, Wall(Tokens(folder / "jwks.json"), RateLimit(1000)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://alerts.example") as client:
        yield Door(client, keys)
    writes.close()
