"""The short form of `make canaries`, on a system of its own; and that it finds what is planted."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from deploy import Stack
from tests.canaries.__main__ import run
from tests.canaries.canary import Canaries
from tests.canaries.places import PLACES
from tests.canaries.planting import planted
from tests.canaries.scene import Scene
from tests.canaries.searching import search

IN_CONTAINERS = {"Kafka: its files", "log of Kafka", "log of PostgreSQL"}
"""Where the parts are containers their files and logs are in these."""


def test_nothing_that_anybody_wrote_is_found_anywhere(own_system: Stack) -> None:
    scene, found = run(own_system, seed=1)
    assert len(scene.canaries.labels) >= 200
    assert len(found) >= 25
    assert [(one.place, hit) for one in found for hit in one.hits] == []


def test_a_leak_is_found_in_every_kind_of_place(own_system: Stack, request: pytest.FixtureRequest) -> None:
    scene = Scene(own_system, Canaries.of(999))
    with planted(scene):
        found = search(scene)
    blind = {one.place for one in found if not one.hits}
    away = IN_CONTAINERS | {place.name for place in PLACES if place.name.startswith("PostgreSQL: ")}
    assert blind <= (away if request.config.getoption("--parts") == "containers" else set())


@pytest.mark.parametrize("shift", range(5))
def test_a_canary_is_found_in_whatever_form_it_leaked(shift: int) -> None:
    canaries = Canaries.of(7)
    word = canaries.word("somewhere")
    text = "." * shift + f"Since {word}, naïve"
    forms = {
        "as it is": text.encode(),
        "in capitals": text.upper().encode(),
        "in JSON": json.dumps(text).encode(),
        "in an address": quote(text).encode(),
        "percent-escaped": "".join(f"%{byte:02X}" for byte in text.encode()).encode(),
        "\\u-escaped": "".join(f"\\u{ord(each):04x}" for each in text).encode(),
        "UTF-16": text.encode("utf-16"),
        "base64": base64.b64encode(text.encode()),
        "base64 for addresses": base64.urlsafe_b64encode(text.encode()),
        "hexadecimal": text.encode().hex().encode(),
        "in a dump": f"\\x{text.encode().hex()}".encode(),
    }
    assert {name for name, data in forms.items() if {label for label, _ in canaries.found_in(data)} != {"somewhere"}} == set()


def test_another_runs_canaries_and_chance_are_not_taken_for_ours() -> None:
    ours, others = Canaries.of(1), Canaries.of(2)
    ours.word("a")
    assert list(ours.found_in(others.word("b").encode())) == []
    assert list(ours.found_in(base64.b64encode(bytes(range(256)) * 4_000))) == []


def test_every_canary_is_another() -> None:
    canaries = Canaries.of(3)
    words = {canaries.word(str(number)) for number in range(1_000)}
    assert len(words) == len(canaries.labels) == 1_000
