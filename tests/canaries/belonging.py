"""Everything that people may write, each with a canary where it belongs; and what is done to the system meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from services.checkins.relay import TOPIC
from shared.events.checkins import CheckInRecorded
from tests.canaries import kafka
from tests.canaries.speaker import WITHIN, Speaker

PEOPLE = 14
EVERYTHING = {"analytics": True, "text": True, "contact": True}
KILLED = ("checkins-api", "alerts-stream", "recognition-stream", "checkins-relay")
PHQ = {f"q{number}": 1 for number in range(1, 5)}
JSON = {"Content-Type": "application/json"}


class Belonging:
    """Names, endpoints, notes, events, flags, kudos, comments."""

    def __init__(self, who: Speaker) -> None:
        self._who = who

    def run(self) -> None:
        self._people()
        self._supporters()
        self._notes()
        self._events()
        self._poison()
        self._kill()
        self._flags()
        self._kudos()
        self._requests()
        self._survey()

    def _people(self) -> None:
        for number in range(PEOPLE):
            body = {"name": self._who.say(f"name {number}"), "team": "care", "timezone": "Europe/Brussels", "languages": ["nl"]}
            self._who.members.append(self._who.poster.id_of("checkins", "/members", {**body, "consents": EVERYTHING}))
        for member in self._who.members[:4]:
            self._who.poster.call(
                "PATCH", "checkins", f"/members/{member}", "SERVICE_TOKEN", _json({"name": self._who.say("a new name")}), JSON
            )

    def _supporters(self) -> None:
        for member in self._who.members[:3]:
            body = {"member": member, "languages": ["nl"], "skills": []}
            supporter = self._who.poster.id_of("alerts", "/supporters", body, "ADMIN_TOKEN")
            url = f"{self._who.tool}/{self._who.word('endpoint path')}?who={self._who.word('endpoint query')}"
            self._who.poster.id_of("alerts", "/endpoints", {"supporter": supporter, "url": url}, "ADMIN_TOKEN")

    def _notes(self) -> None:
        for number in range(24):
            body = {"member": self._who.of(number), "mood": 3, "note": self._who.say("note"), "wants_contact": number % 6 == 0}
            self._who.poster.id_of("checkins", "/check-ins", body)
        batch = [{"member": self._who.of(number), "mood": 2, "note": self._who.say("note of a batch")} for number in range(30)]
        self._who.poster.post("checkins", "/check-ins/batch", batch)
        self._who.poster.post(
            "checkins",
            "/check-ins/batch",
            [{**batch[0], self._who.say("a field's name in a batch"): 1}, self._who.say("an item")],
        )

    def _events(self) -> None:
        data = {"member": self._who.of(1), "mood": 3}
        for kind in ("structured", "batch"):
            for _ in range(4):
                event = {
                    "specversion": "1.0",
                    "type": "alongside.check-in.v1",
                    "data": {**data, "note": self._who.say(f"note, {kind}")},
                }
                event |= {
                    name: self._who.word(f"CloudEvent's {name}, {kind}")
                    for name in ("id", "source", "subject", "dataschema", "ext")
                }
                content = event if kind == "structured" else [event]
                media = f"application/cloudevents{'-batch' if kind == 'batch' else ''}+json"
                self._who.poster.post("checkins", "/events", content, content_type=media)
        attributes = {f"ce_{name}": self._who.word(f"ce-{name}") for name in ("id", "source", "subject", "ext")}
        said = {"ce_specversion": "1.0", "ce_type": "alongside.check-in.v1", **attributes}
        self._who.poster.post("checkins", "/events", {**data, "note": self._who.say("note, binary")}, **said)
        wrong = {
            "specversion": "1.0",
            "id": "1",
            "source": "/",
            "type": self._who.word("CloudEvent's type"),
            "data": self._who.say("data"),
        }
        for service in ("checkins", "recognition", "evaluation"):
            self._who.poster.post(service, "/events", wrong, content_type="application/cloudevents+json")

    def _poison(self) -> None:
        """Who reads it sets it aside, with all that follows about the same member; ops drop it."""
        bootstrap, event = self._who.scene.environment["KAFKA_BOOTSTRAP"], CheckInRecorded.type()
        for _ in range(2):
            asyncio.run(kafka.publish_unreadable(bootstrap, TOPIC, str(uuid4()), event))

    def _kill(self) -> None:
        for name in KILLED:
            if pid := self._who.scene.stack.pid(name):
                os.kill(pid, signal.SIGKILL)

    def _flags(self) -> None:
        for number in range(14):
            note = self._who.say("note of a flag")
            body = {"member": self._who.of(number), "signs": ["anxiety"], "urgent": number % 5 == 0, "note": note}
            self._who.poster.id_of("checkins", "/distress-flags", {**body, "reporter": self._who.of(number + 1)})

    def _kudos(self) -> None:
        self._known_to_recognition()
        for number in range(24):
            body = {"giver": self._who.of(number), "receivers": [self._who.of(number + 1)], "category": "taught", "points": 1}
            self._who.poster.id_of("recognition", "/kudos", {**body, "message": self._who.say("message of a kudos")})
        for member in self._who.members:
            self._who.poster.post("recognition", f"/members/{member}/board", {"opted_in": True})

    def _requests(self) -> None:
        """Under names and pseudonyms, answered by a supporter."""
        supporter = self._who.keys.persons_token("supporter", self._who.of(2))
        for number in range(3, 13):
            mine = self._who.keys.persons_token("member", self._who.of(number))
            body = {"member": self._who.of(number), "kind": "concern", "pseudonymous": number % 2 == 0}
            asked = self._who.poster.id_of("support", "/requests", {**body, "text": self._who.say("a request")}, mine)
            for token, label in ((supporter, "a supporter's answer"), (mine, "a message of who asked")):
                self._who.poster.post("support", f"/requests/{asked}/messages", {"text": self._who.say(label)}, token)

    def _known_to_recognition(self) -> None:
        deadline = time.monotonic() + WITHIN
        while not self._who.poster.post(
            "recognition", f"/members/{self._who.members[-1]}/board", {"opted_in": False}
        ).is_success:
            if time.monotonic() > deadline:
                raise TimeoutError("recognition has not heard of the members")

    def _survey(self) -> None:
        now = datetime.now(UTC)
        times = {"opens": (now - timedelta(minutes=1)).isoformat(), "closes": (now + timedelta(days=1)).isoformat()}
        survey = self._who.poster.id_of("evaluation", "/surveys", {"instrument": "phq-4", **times}, "ADMIN_TOKEN")
        for member in self._who.members:
            drawn = self._who.poster.post(
                "evaluation", f"/surveys/{survey}/tokens", {}, self._who.keys.persons_token("member", member)
            )
            body = {
                "token": drawn.json()["token"],
                "answers": PHQ,
                "comments": [self._who.say("comment"), self._who.say("comment")],
            }
            self._who.poster.post("evaluation", f"/surveys/{survey}/answers", body, None)
        body = {
            "token": self._who.word("token of a survey"),
            "answers": {self._who.say("name of a question"): 1},
            "comments": self._who.say("comment"),
        }
        self._who.poster.post("evaluation", f"/surveys/{survey}/answers", body, None)
        self._who.poster.post("evaluation", f"/surveys/{survey}/close", {}, "ADMIN_TOKEN")


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()
