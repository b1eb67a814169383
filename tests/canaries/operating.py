"""What follows: alerts are answered, histories replayed, parked events dropped, everything read, and some members erased."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from uuid import uuid4

from deploy.keys import ROLES
from deploy.layout import CHECKOUT
from tests.canaries.speaker import WITHIN, Speaker


class Operating:
    """By supporters, ops and everybody else."""

    def __init__(self, who: Speaker) -> None:
        self._who = who

    def run(self) -> None:
        self._answer_alerts()
        self._replay()
        self._drop_what_is_parked()
        self._read_as_everybody()
        self._erase()

    def _answer_alerts(self) -> None:
        """By claim link, as who was asked; and as who was not."""
        self._await_webhooks()
        for _, body in list(self._who.scene.received_bodies):
            data = json.loads(body)["data"]
            token = str(data["claim_url"] or "").partition("token=")[2]
            for step in ("accept", "contact", "close"):
                self._who.poster.post("alerts", f"/alerts/{data['alert']}/{step}?token={token}", {}, None)
            self._who.poster.post("alerts", f"/alerts/{data['alert']}/accept?token={self._who.word('a claim token')}", {}, None)

    def _await_webhooks(self) -> None:
        deadline = time.monotonic() + WITHIN
        while len(self._who.scene.received_bodies) < 3:
            if time.monotonic() > deadline:
                raise TimeoutError("no webhook came")
            time.sleep(0.1)

    def _replay(self) -> None:
        commands = [
            ("services.checkins", "relay", "--from", "0", "--json"),
            ("services.alerts", "replay", "--dry-run", "--view", "members", "--json"),
            ("services.alerts", "replay", "--target", "shadow", "--switch", "--json"),
            ("services.recognition", "relay", "--from", "0"),
            ("services.support", "relay", "--from", "0"),
            ("services.checkins", "verify", "--json"),
            ("services.checkins", "keys", "rewrap", "--json"),
            ("deploy", "status", "--state", str(self._who.scene.stack.layout.state)),
        ]
        for module, *arguments in commands:
            command = [sys.executable, "-m", module, *arguments]
            environment = os.environ | self._who.scene.environment
            done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, timeout=120, check=False)
            self._who.scene.printed.append((" ".join((module, *arguments[:3])), done.stdout + done.stderr))

    def _drop_what_is_parked(self) -> None:
        for service in ("alerts", "recognition", "evaluation", "support"):
            for parked in self._parked(service):
                self._who.poster.post(service, f"/parked/{parked}/retry", {}, "OPS_TOKEN")
                self._who.poster.post(service, f"/parked/{parked}/drop", {}, "OPS_TOKEN")

    def _parked(self, service: str) -> list[int]:
        """Once the two are there."""
        deadline = time.monotonic() + WITHIN
        while len(items := self._who.poster.call("GET", service, "/parked?limit=200", "OPS_TOKEN").json()["items"]) < 2:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{service} has parked nothing")
            time.sleep(0.1)
        return [item["id"] for item in items]

    def _read_as_everybody(self) -> None:
        """As every role that is nobody in particular: whatever they are shown, it isn't what somebody wrote."""
        paths = {
            "checkins": [
                f"/members/{self._who.members[0]}/check-ins",
                f"/members/{self._who.members[0]}/accesses",
                f"/members/{self._who.members[0]}/export",
                "/keys",
            ],
            "alerts": ["/alerts", "/deliveries", "/views", "/parked", "/replays", f"/members/{self._who.members[0]}/accesses"],
            "recognition": ["/leaderboards/all", "/views", "/parked", "/replays"],
            "evaluation": ["/surveys", "/instruments", "/views", "/parked", "/replays"],
            "support": ["/requests", f"/members/{self._who.members[0]}/requests", "/views", "/parked", "/replays"],
        }
        for role in ROLES:
            token = self._who.keys.persons_token(role, str(uuid4()))
            for service, listed in paths.items():
                for path in listed:
                    answer = self._who.poster.call("GET", service, path, token)
                    self._who.scene.others_reads.append((f"{role} {service}{path}", answer.content))

    def _erase(self) -> None:
        for member in self._who.members[3:6]:
            self._who.poster.call("DELETE", "checkins", f"/members/{member}", "ADMIN_TOKEN")
