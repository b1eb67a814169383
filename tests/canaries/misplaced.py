"""Prose wherever it isn't wanted: in codes, numbers, ids, names of fields, addresses, headers and tokens."""

from __future__ import annotations

from typing import Any

from deploy.keys import ROLES
from deploy.layout import CHECKOUT
from deploy.roster import services
from tests.canaries.speaker import Speaker


class Misplaced:
    """All of it is refused or not looked at, and must be found nowhere either."""

    def __init__(self, who: Speaker) -> None:
        self._who = who

    def run(self) -> None:
        self._wrong_places()
        self._around_the_body()
        self._tokens()

    def _wrong_places(self) -> None:
        """Prose where a code, a number or an id is wanted, and in names of fields."""
        member = self._who.members[0]
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
            ("recognition", "/kudos"): {"giver": member, "receivers": [self._who.of(1)], "category": "taught", "points": 1},
            ("checkins", "/keys"): {"scopes": ["check-ins:write"], "label": "kiosk", "expires_in_days": 3},
            ("support", "/requests"): {"member": member, "kind": "need", "text": "x", "pseudonymous": True},
            ("evaluation", "/surveys"): {
                "instrument": "phq-4",
                "audience": {"teams": []},
                "opens": "2026-01-01T00:00:00Z",
                "closes": "x",
            },
        }
        for (service, path), body in right.items():
            for field in body:
                self._who.poster.post(service, path, body | {field: self._who.say(f"{service}{path} {field}")}, "ADMIN_TOKEN")
            self._who.poster.post(service, path, body | {self._who.say(f"{service}{path}, a field's name"): 1}, "ADMIN_TOKEN")
            self._who.poster.post(service, path, self._who.say(f"{service}{path}, the body").encode(), "ADMIN_TOKEN")
            self._who.poster.post(service, path, [{"a": self._who.say(f"{service}{path}, in a list")}], "ADMIN_TOKEN")

    def _around_the_body(self) -> None:
        body = {"member": self._who.members[0], "mood": 3}
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
            self._who.poster.post("checkins", "/check-ins", body, **{header: self._who.word(f"header {header}")})
        self._who.poster.post("recognition", "/kudos", {}, **{"Idempotency-Key": self._who.word("header Idempotency-Key")})
        self._who.poster.post("checkins", "/check-ins", body, **{"content_type": self._who.word("header Content-Type")})
        for service in services(CHECKOUT):
            for path in ("/", "/members/", "/members/x/", "/alerts/", "/surveys/", "/leaderboards/", "/replays/", "/parked/"):
                self._who.poster.call("GET", service, path + self._who.word(f"a path of {service}"), "ADMIN_TOKEN")
            for name in ("limit", "after", "at_least", "token", "by", "team", "alert", self._who.word("a parameter's name")):
                for path in ("/views", "/replays"):
                    self._who.poster.call(
                        "GET", service, f"{path}?{name}={self._who.word(f'{service}{path}, {name}')}", "OPS_TOKEN"
                    )
        for member in self._who.members[:3]:
            mine = self._who.keys.persons_token("member", member)
            self._who.poster.call("GET", "checkins", f"/members/{member}/check-ins?after={self._who.word('a cursor')}", mine)

    def _tokens(self) -> None:
        """Claims that nobody asked for, roles and scopes that there aren't, subjects in prose, and no token at all."""
        for subject in (self._who.word("a token's sub"), f"{self._who.word('a mail in a token')}@example.org"):
            for service, path in (
                ("checkins", "/members"),
                ("alerts", "/alerts"),
                ("recognition", "/kudos"),
                ("evaluation", "/surveys"),
            ):
                roles = [*ROLES, self._who.word("a role")]
                self._who.poster.call("GET", service, path, self._who.keys.token(subject, roles=roles))
                scopes = [self._who.word("a scope"), "kudos:write"]
                self._who.poster.call("GET", service, path, self._who.keys.token(subject, scopes=scopes))
            by = self._who.keys.token(subject, roles=["admin", "ops"])
            self._who.poster.post("alerts", "/replays", {"view": "members", "target": "dry-run"}, by)
            self._who.poster.post("checkins", "/keys", {"scopes": ["check-ins:write"], "label": "kiosk"}, by)
        for kind in ("Bearer", "Basic"):
            headers = {"Authorization": f"{kind} {self._who.word(f'a {kind} token')}"}
            self._who.poster.call("GET", "alerts", "/alerts", None, headers=headers)
