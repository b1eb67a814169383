from __future__ import annotations

import httpx

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
