from __future__ import annotations

import httpx
import pytest
from cryptography.exceptions import InvalidTag

from tests.recognition.conftest import Give, Service

SECRET = "thank you for sitting with me"


async def test_a_member_is_told_all_that_is_held_about_them(service: Service, give: Give, http: httpx.AsyncClient) -> None:
    ann, bob = service.member("night"), service.member()
    await give(ann, bob, message=SECRET)
    await http.post(f"/members/{ann}/board", json={"opted_in": True})
    held = (await http.get(f"/members/{ann}/held", headers=service.person(ann))).json()["held"]
    assert (held["team"], held["on_the_board"]) == ("night", True)
    assert [one["message"] for one in held["kudos"]] == [SECRET]
    assert (await http.get(f"/members/{ann}/held", headers=service.person(bob))).status_code == 403


async def test_a_message_that_was_moved_to_other_kudos_of_its_giver_is_not_shown(service: Service, give: Give) -> None:
    ann, bob = service.member(), service.member()
    one, other = [(await give(ann, bob, message=f"{SECRET} {n}")).json()["id"] for n in range(2)]
    with service.store.transaction() as cursor:
        cursor.execute("UPDATE kudos SET message = (SELECT message FROM kudos WHERE id = %s) WHERE id = %s", (one, other))
    with pytest.raises(InvalidTag):
        service.recognition.kudos_of(bob, 10, None)
