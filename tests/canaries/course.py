"""Everything that a person or a program can send, with a canary in it: where it belongs, and in every wrong place."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from deploy.keys import ROLES, Keys
from deploy.layout import CHECKOUT
from services.checkins.relay import TOPIC
from shared.events.checkins import CheckInRecorded
from tests.canaries import kafka
from tests.canaries.poster import Poster
from tests.canaries.scene import Scene

PEOPLE = 14
EVERYTHING = {"analytics": True, "text": True, "contact": True}
KILLED = ("checkins-api", "alerts-stream", "recognition-stream", "checkins-relay")
WITHIN = 90.0
PHQ = {f"q{number}": 1 for number in range(1, 5)}


class Course:
    """One run. `tool` is the address of a supporter's endpoint."""

    def __init__(self, scene: Scene, poster: Poster, tool: str) -> None:
        self._scene, self._poster, self._tool = scene, poster, tool
        self._keys: Keys = scene.stack.keys
        self._say, self._word = scene.canaries.sentence, scene.canaries.word
        self.members: list[str] = []

    def run(self) -> None:
        self._people()
        self._supporters()
        self._notes()
        self._events()
        self._poison()
        self._kill()
        self._flags()
        self._kudos()
        self._survey()
        self._wrong_places()
        self._around_the_body()
        self._tokens()
        self._answer_alerts()
        self._replay()
        self._drop_what_is_parked()
        self._read_as_everybody()
        self._erase()

    def _people(self) -> None:
        for number in range(PEOPLE):
            body = {"name": self._say(f"name {number}"), "team": "care", "timezone": "Europe/Brussels", "languages": ["nl"]}
            self.members.append(self._poster.id_of("checkins", "/members", {**body, "consents": EVERYTHING}))
        for member in self.members[:4]:
            self._poster.call(
                "PATCH", "checkins", f"/members/{member}", "SERVICE_TOKEN", _json({"name": self._say("a new name")}), JSON
            )

    def _supporters(self) -> None:
        for member in self.members[:3]:
            body = {"member": member, "languages": ["nl"], "skills": []}
            supporter = self._poster.id_of("alerts", "/supporters", body, "ADMIN_TOKEN")
            url = f"{self._tool}/{self._word('endpoint path')}?who={self._word('endpoint query')}"
            self._poster.id_of("alerts", "/endpoints", {"supporter": supporter, "url": url}, "ADMIN_TOKEN")

    def _notes(self) -> None:
        for number in range(24):
            body = {"member": self._of(number), "mood": 3, "note": self._say("note"), "wants_contact": number % 6 == 0}
            self._poster.id_of("checkins", "/check-ins", body)
        batch = [{"member": self._of(number), "mood": 2, "note": self._say("note of a batch")} for number in range(30)]
        self._poster.post("checkins", "/check-ins/batch", batch)
        self._poster.post(
            "checkins", "/check-ins/batch", [{**batch[0], self._say("a field's name in a batch"): 1}, self._say("an item")]
        )

    def _events(self) -> None:
        data = {"member": self._of(1), "mood": 3}
        for kind in ("structured", "batch"):
            for _ in range(4):
                event = {
                    "specversion": "1.0",
                    "type": "alongside.check-in.v1",
                    "data": {**data, "note": self._say(f"note, {kind}")},
                }
                event |= {
                    name: self._word(f"CloudEvent's {name}, {kind}")
                    for name in ("id", "source", "subject", "dataschema", "ext")
                }
                content = event if kind == "structured" else [event]
                media = f"application/cloudevents{'-batch' if kind == 'batch' else ''}+json"
                self._poster.post("checkins", "/events", content, content_type=media)
        attributes = {f"ce_{name}": self._word(f"ce-{name}") for name in ("id", "source", "subject", "ext")}
        said = {"ce_specversion": "1.0", "ce_type": "alongside.check-in.v1", **attributes}
        self._poster.post("checkins", "/events", {**data, "note": self._say("note, binary")}, **said)
        wrong = {
            "specversion": "1.0",
            "id": "1",
            "source": "/",
            "type": self._word("CloudEvent's type"),
            "data": self._say("data"),
        }
        for service in ("checkins", "recognition", "evaluation"):
            self._poster.post(service, "/events", wrong, content_type="application/cloudevents+json")

    def _poison(self) -> None:
        """Who reads it sets it aside, with all that follows about the same member; ops drop it."""
        bootstrap, event = self._scene.environment["KAFKA_BOOTSTRAP"], CheckInRecorded.type()
        for _ in range(2):
            asyncio.run(kafka.publish_unreadable(bootstrap, TOPIC, str(uuid4()), event))

    def _kill(self) -> None:
        for name in KILLED:
            if pid := self._scene.stack.pid(name):
                os.kill(pid, signal.SIGKILL)

    def _flags(self) -> None:
        for number in range(14):
            note = self._say("note of a flag")
            body = {"member": self._of(number), "signs": ["anxiety"], "urgent": number % 5 == 0, "note": note}
            self._poster.id_of("checkins", "/distress-flags", {**body, "reporter": self._of(number + 1)})

    def _kudos(self) -> None:
        self._known_to_recognition()
        for number in range(24):
            body = {"giver": self._of(number), "receivers": [self._of(number + 1)], "category": "taught", "points": 1}
            self._poster.id_of("recognition", "/kudos", {**body, "message": self._say("message of a kudos")})
        for member in self.members:
            self._poster.post("recognition", f"/members/{member}/board", {"opted_in": True})

    def _known_to_recognition(self) -> None:
        deadline = time.monotonic() + WITHIN
        while not self._poster.post("recognition", f"/members/{self.members[-1]}/board", {"opted_in": False}).is_success:
            if time.monotonic() > deadline:
                raise TimeoutError("recognition has not heard of the members")

    def _survey(self) -> None:
        now = datetime.now(UTC)
        times = {"opens": (now - timedelta(minutes=1)).isoformat(), "closes": (now + timedelta(days=1)).isoformat()}
        survey = self._poster.id_of("evaluation", "/surveys", {"instrument": "phq-4", **times}, "ADMIN_TOKEN")
        for member in self.members:
            drawn = self._poster.post("evaluation", f"/surveys/{survey}/tokens", {}, self._keys.persons_token("member", member))
            body = {"token": drawn.json()["token"], "answers": PHQ, "comments": [self._say("comment"), self._say("comment")]}
            self._poster.post("evaluation", f"/surveys/{survey}/answers", body, None)
        body = {
            "token": self._word("token of a survey"),
            "answers": {self._say("name of a question"): 1},
            "comments": self._say("comment"),
        }
        self._poster.post("evaluation", f"/surveys/{survey}/answers", body, None)
        self._poster.post("evaluation", f"/surveys/{survey}/close", {}, "ADMIN_TOKEN")

    def _wrong_places(self) -> None:
        """Prose where a code, a number or an id is wanted, and in names of fields."""
        member = self.members[0]
        right: dict[tuple[str, str], dict[str, Any]] = {
            ("checkins", "/members"): {
                "name": "a",
                "team": "care",
                "timezone": "Europe/Brussels",
                "languages": ["nl"],
                "consents": {},
            },
            ("checkins", "/check-ins"): {"member": member, "mood": 3, "energy": 1, "wants_contact": False, "recorded_at": None},
            ("checkins", "/distress-flags"): {"member": member, "signs": ["anger"], "reporter": None, "urgent": False},
            ("alerts", "/supporters"): {
                "member": member,
                "languages": ["nl"],
                "skills": ["x"],
                "weekly_hours": 1,
                "rota": None,
            },
            ("alerts", "/endpoints"): {"supporter": member, "url": "https://tool.example/"},
            ("alerts", "/replays"): {
                "view": "members",
                "target": "dry-run",
                "from": "0",
                "to": "1",
                "types": [],
                "members": [],
            },
            ("recognition", "/kudos"): {"giver": member, "receivers": [self._of(1)], "category": "taught", "points": 1},
            ("evaluation", "/surveys"): {
                "instrument": "phq-4",
                "audience": {"teams": []},
                "opens": "2026-01-01T00:00:00Z",
                "closes": "x",
            },
        }
        for (service, path), body in right.items():
            for field in body:
                self._poster.post(service, path, body | {field: self._say(f"{service}{path} {field}")}, "ADMIN_TOKEN")
            self._poster.post(service, path, body | {self._say(f"{service}{path}, a field's name"): 1}, "ADMIN_TOKEN")
            self._poster.post(service, path, self._say(f"{service}{path}, the body").encode(), "ADMIN_TOKEN")
            self._poster.post(service, path, [{"a": self._say(f"{service}{path}, in a list")}], "ADMIN_TOKEN")

    def _around_the_body(self) -> None:
        body = {"member": self.members[0], "mood": 3}
        for header in (
            "Idempotency-Key",
            "User-Agent",
            "Referer",
            "Cookie",
            "X-Request-Id",
            "traceparent",
            "Accept-Language",
            "From",
        ):
            self._poster.post("checkins", "/check-ins", body, **{header: self._word(f"header {header}")})
        self._poster.post("recognition", "/kudos", {}, **{"Idempotency-Key": self._word("header Idempotency-Key")})
        self._poster.post("checkins", "/check-ins", body, **{"content_type": self._word("header Content-Type")})
        for service in ("checkins", "alerts", "recognition", "evaluation"):
            for path in ("/", "/members/", "/members/x/", "/alerts/", "/surveys/", "/leaderboards/", "/replays/", "/parked/"):
                self._poster.call("GET", service, path + self._word(f"a path of {service}"), "ADMIN_TOKEN")
            for name in ("limit", "after", "at_least", "token", "by", "team", "alert", self._word("a parameter's name")):
                for path in ("/views", "/replays"):
                    self._poster.call("GET", service, f"{path}?{name}={self._word(f'{service}{path}, {name}')}", "OPS_TOKEN")
        for member in self.members[:3]:
            mine = self._keys.persons_token("member", member)
            self._poster.call("GET", "checkins", f"/members/{member}/check-ins?after={self._word('a cursor')}", mine)

    def _tokens(self) -> None:
        """Claims that nobody asked for, roles and scopes that there aren't, subjects in prose, and no token at all."""
        for subject in (self._word("a token's sub"), f"{self._word('a mail in a token')}@example.org"):
            for service, path in (
                ("checkins", "/members"),
                ("alerts", "/alerts"),
                ("recognition", "/kudos"),
                ("evaluation", "/surveys"),
            ):
                token = self._keys.token(
                    subject, roles=[*ROLES[:-2], self._word("a role")], scopes=[self._word("a scope"), "kudos:write"]
                )
                self._poster.call("GET", service, path, token)
        for kind in ("Bearer", "Basic"):
            headers = {"Authorization": f"{kind} {self._word(f'a {kind} token')}"}
            self._poster.call("GET", "alerts", "/alerts", None, headers=headers)

    def _answer_alerts(self) -> None:
        """By claim link, as who was asked; and as who was not."""
        self._await_webhooks()
        for _, body in list(self._scene.received_bodies):
            data = json.loads(body)["data"]
            token = str(data["claim_url"] or "").partition("token=")[2]
            for step in ("accept", "contact", "close"):
                self._poster.post("alerts", f"/alerts/{data['alert']}/{step}?token={token}", {}, None)
            self._poster.post("alerts", f"/alerts/{data['alert']}/accept?token={self._word('a claim token')}", {}, None)

    def _await_webhooks(self) -> None:
        deadline = time.monotonic() + WITHIN
        while len(self._scene.received_bodies) < 3:
            if time.monotonic() > deadline:
                raise TimeoutError("no webhook came")
            time.sleep(0.1)

    def _replay(self) -> None:
        commands = [
            ("services.checkins", "relay", "--from", "0", "--json"),
            ("services.alerts", "replay", "--dry-run", "--view", "members", "--json"),
            ("services.alerts", "replay", "--target", "shadow", "--switch", "--json"),
            ("services.recognition", "relay", "--from", "0"),
            ("deploy", "status", "--state", str(self._scene.stack.layout.state)),
        ]
        for module, *arguments in commands:
            command = [sys.executable, "-m", module, *arguments]
            environment = os.environ | self._scene.environment
            done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, timeout=120, check=False)
            self._scene.printed.append((" ".join((module, *arguments[:3])), done.stdout + done.stderr))

    def _drop_what_is_parked(self) -> None:
        for service in ("alerts", "recognition", "evaluation"):
            for parked in self._parked(service):
                self._poster.post(service, f"/parked/{parked}/retry", {}, "OPS_TOKEN")
                self._poster.post(service, f"/parked/{parked}/drop", {}, "OPS_TOKEN")

    def _parked(self, service: str) -> list[int]:
        """Once the two are there."""
        deadline = time.monotonic() + WITHIN
        while len(items := self._poster.call("GET", service, "/parked?limit=200", "OPS_TOKEN").json()["items"]) < 2:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{service} has parked nothing")
            time.sleep(0.1)
        return [item["id"] for item in items]

    def _read_as_everybody(self) -> None:
        """As every role that is nobody in particular: whatever they are shown, it isn't what somebody wrote."""
        paths = {
            "checkins": [f"/members/{self.members[0]}/check-ins", f"/members/{self.members[0]}/accesses"],
            "alerts": ["/alerts", "/deliveries", "/views", "/parked", "/replays", f"/members/{self.members[0]}/accesses"],
            "recognition": ["/leaderboards/all", "/views", "/parked", "/replays"],
            "evaluation": ["/surveys", "/instruments", "/views", "/parked", "/replays"],
        }
        for role in ROLES:
            token = self._keys.persons_token(role, str(uuid4()))
            for service, listed in paths.items():
                for path in listed:
                    answer = self._poster.call("GET", service, path, token)
                    self._scene.others_reads.append((f"{role} {service}{path}", answer.content))

    def _erase(self) -> None:
        for member in self.members[3:6]:
            self._poster.call("DELETE", "checkins", f"/members/{member}", "ADMIN_TOKEN")

    def _of(self, number: int) -> str:
        return self.members[number % len(self.members)]


JSON = {"Content-Type": "application/json"}


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()
