"""Who is erased over HTTP is in no generation of any service's views, those that a replay left behind included."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shared.store.event_store import EventStore
from tests.access.asking import MEMBER
from tests.access.house import SERVICES, House, uuid_in

READERS = [service for service in SERVICES if service != "checkins"]
FORMER = "_g77"


def generations(store: EventStore) -> list[str]:
    with store.transaction() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '_g[0-9]+$' ORDER BY relname")
        return [row["relname"] for row in cursor]


def copied(store: EventStore) -> None:
    """A former generation of each view, as a switch leaves it."""
    with store.transaction() as cursor:
        for table in generations(store):
            former = table.rpartition("_g")[0] + FORMER
            cursor.execute(f"CREATE TABLE {former} (LIKE {table} INCLUDING ALL)".encode())
            cursor.execute(f"INSERT INTO {former} SELECT * FROM {table}".encode())


def rows_of(store: EventStore, member: UUID) -> dict[str, dict[str, Any]]:
    """By table, whose key begins with a person's id."""
    found: dict[str, dict[str, Any]] = {}
    with store.transaction() as cursor:
        for table in generations(store):
            cursor.execute(f"SELECT * FROM {table}".encode())
            theirs = [row for row in cursor if next(iter(row.values())) == member]
            if theirs:
                found[table] = theirs[0]
    return found


async def test_an_erasure_reaches_every_generation_of_every_service(house: House) -> None:
    admin = house.issuer.token("admin:test", roles=["admin"])

    async def enrolled(**more: str) -> UUID:
        body = MEMBER | {"team": "former", "consents": {"analytics": True, "contact": True}, **more}
        return uuid_in(await house.ask("checkins", "POST", "/members", admin, body))

    boss = await enrolled()
    member = await enrolled(manager=str(boss))
    house.hear()
    kudos = {"giver": str(member), "receivers": [str(boss)], "category": "taught"}
    uuid_in(await house.ask("recognition", "POST", "/kudos", admin, kudos))
    house.hear()
    stores = {service: house.parts[service].store for service in READERS}
    for store in stores.values():
        copied(store)
        assert any(table.endswith(FORMER) for table in rows_of(store, member))
    assert (await house.ask("checkins", "DELETE", f"/members/{member}", admin)).status_code == 202
    house.hear()
    for service, store in stores.items():
        left = rows_of(store, member)
        said = {name for row in left.values() for name, value in row.items() if value not in (None, False, "", "UTC")}
        stays = {"member", "known", "erased", "manager"} if service == "alerts" else set()
        assert said == stays, f"{service}: {left}"
        assert any(table.endswith(FORMER) for table in rows_of(store, boss)), "others stay"
