"""Requests that are right, and so go all the way down: what is near them goes far, too."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

from tests.fuzz.requests import Request

STEPS = ("accept", "accept", "decline", "later", "contact", "close", "cancel", "accept")
JSON = {"Content-Type": "application/json"}
SURVEY = {"instrument": "phq-4", "audience": {"teams": ["night"]}}
EVENT = {"specversion": "1.0", "id": "right", "source": "/fuzz"}


def right(service: str, ids: list[str]) -> list[Request]:
    """`ids` are as seeding gave them."""
    made = CALLS[service](ids) if service in CALLS else []
    return [Request(method, path, JSON, json.dumps(body).encode(), path, meant=True) for method, path, body in made] + _views(
        service
    )


def _checkins(ids: list[str]) -> list[tuple[str, str, Any]]:
    check_in = {"member": ids[0], "mood": 3, "energy": 2, "stress": 4, "note": "a note", "wants_contact": True}
    flag = {"member": ids[0], "reporter": ids[1], "signs": ["anger", "guilt"], "urgent": True, "note": "a note"}
    member = {
        "name": "Ada",
        "team": "night",
        "manager": ids[2],
        "timezone": "Europe/Berlin",
        "country": "DE",
        "languages": ["de"],
    }
    return [
        ("POST", "/check-ins", check_in),
        ("POST", "/check-ins/batch", [check_in, check_in]),
        ("POST", "/distress-flags", flag),
        ("POST", "/members", {**member, "consents": {"analytics": True, "text": True, "contact": True}}),
        ("PATCH", f"/members/{ids[2]}", {**member, "manager": None, "consents": {"text": False}}),
    ]


def _alerts(ids: list[str]) -> list[tuple[str, str, Any]]:
    members, supporters, alerts = ids[:2], ids[2:4], ids[4:12]
    return [
        (
            "POST",
            "/supporters",
            {"member": members[0], "languages": ["nl"], "skills": ["x"], "weekly_hours": 3.5, "rota": None},
        ),
        ("POST", "/endpoints", {"supporter": supporters[0], "url": "https://tool.example/hook?a=b"}),
        ("POST", "/conflicts", {"member": members[0], "with": members[1], "kind": "hr_case"}),
        ("POST", "/blocks", {"member": members[0], "blocked": members[1]}),
        ("POST", f"/members/{members[0]}/preferences", {"chosen": [members[1]], "vetoed": []}),
        *(("POST", f"/alerts/{alert}/{step}", {}) for alert, step in zip(alerts, cycle(STEPS), strict=False)),
        *(("POST", f"/deliveries/{delivery}/retry", {}) for delivery in ids[12:16]),
    ]


def _recognition(ids: list[str]) -> list[tuple[str, str, Any]]:
    kudos = {"giver": ids[0], "receivers": [ids[1], ids[2]], "category": "taught", "points": 1, "message": "thanks"}
    return [("POST", "/kudos", kudos), ("POST", f"/members/{ids[0]}/board", {"opted_in": True})]


def _evaluation(ids: list[str]) -> list[tuple[str, str, Any]]:
    now = datetime.now(UTC)
    times = {"opens": now.isoformat(), "closes": (now + timedelta(days=1)).isoformat()}
    answers = {"token": "a token", "answers": {"q1": 1, "q2": 0}, "comments": ["a comment"]}
    surveys = ids[2:]
    return [
        ("POST", "/surveys", {**SURVEY, **times, "min_scores": 6, "min_comments": 12}),
        *(("POST", f"/surveys/{survey}/answers", answers) for survey in surveys),
        *(("POST", f"/surveys/{survey}/tokens", {}) for survey in surveys),
    ]


def _support(ids: list[str]) -> list[tuple[str, str, Any]]:
    text = {"text": "somebody to talk to"}
    return [
        ("POST", "/requests", {"member": ids[0], "kind": "need", "pseudonymous": True, **text}),
        *(("POST", f"/requests/{request}/messages", text) for request in ids[3:7]),
        *(("POST", f"/requests/{request}/close", {}) for request in ids[7:]),
    ]


def _views(service: str) -> list[Request]:
    """Who has no views has no such address."""
    if service == "checkins":
        return []
    body = {"view": "members", "target": "dry-run", "from": "0", "to": "1", "rate": 1000.0}
    return [Request("POST", "/replays", JSON, json.dumps(body).encode(), "/replays", meant=True)]


CALLS = {
    "checkins": _checkins,
    "alerts": _alerts,
    "recognition": _recognition,
    "evaluation": _evaluation,
    "support": _support,
}
