"""What a service must hold before odd requests can be near right ones: a few ids that there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx

from deploy import Keys
from deploy.keys import SERVICE_SCOPES
from services.recognition import relay
from services.recognition.__main__ import SCHEMA
from services.recognition.stream import RecognitionReader
from services.support import relay as support_relay
from services.support.__main__ import SCHEMA as OF_SUPPORT
from services.support.application import MakeRequest, Members, Support
from services.support.stream import SupportReader
from shared.clock import utc_now
from shared.events.support import Kind
from shared.store.encryption import DataKeys, MemberKeys
from shared.store.event_store import EventStore
from shared.store.group_commit import Decision, record_decisions
from shared.store.key_encryption import KeyFile
from tests.alerts.world import TABLES, Receiver, World
from tests.recognition.without_kafka import Hearing, enrolled

MEMBER = {"name": "Ada", "team": "night", "timezone": "Europe/Berlin", "languages": ["de"], "consents": {"text": True}}


def heard(service: str, url: str, keys: Keys) -> list[str]:
    """What only Kafka would have told it. Members first."""
    match service:
        case "alerts":
            return _alerts(url, keys)
        case "recognition":
            return _recognition(url, keys)
        case "support":
            return _support(url, keys)
        case _:
            return []


def posted(service: str, port: int, keys: Keys) -> list[str]:
    """What anybody may post, and more of it than one request leaves behind."""
    token = keys.token("service:fuzz", scopes=SERVICE_SCOPES)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:
        match service:
            case "checkins":
                members = [_id(http.post("/members", json=MEMBER)) for _ in range(3)]
                check_ins = [_id(http.post("/check-ins", json={"member": member, "mood": 3})) for member in members]
                return members + check_ins
            case "evaluation":
                return [str(uuid4()), str(uuid4()), *(_id(http.post("/surveys", json=_survey())) for _ in range(3))]
            case _:
                return []


def _survey() -> dict[str, object]:
    now = datetime.now(UTC)
    times = {"opens": now.isoformat(), "closes": (now + timedelta(days=1)).isoformat()}
    return {"instrument": "phq-4", "audience": {"teams": ["night"]}, **times}


def _id(answer: httpx.Response) -> str:
    return str(answer.raise_for_status().json()["id"])


def _alerts(url: str, keys: Keys) -> list[str]:
    with EventStore("alerts", url, TABLES) as store:
        world = World(url, store, key=DataKeys(store, KeyFile(keys.folder / "kek")).of("endpoints"))
        supporters = [world.supporter(Receiver(url="https://tool.example/hook")) for _ in range(2)]
        members = [world.member_of(supporter) for supporter in supporters]
        alerts = [world.asks_for_somebody(world.member()) for _ in range(8)]
        deliveries = [row["id"] for row in world.rows("SELECT id FROM deliveries")]
    return [str(each) for each in (*members, *supporters, *alerts, *deliveries)]


def _recognition(url: str, keys: Keys) -> list[str]:
    members = [uuid4() for _ in range(3)]
    with EventStore("recognition", url, SCHEMA) as store:
        member_keys = MemberKeys(store, KeyFile(keys.folder / "kek"))
        Hearing(store, RecognitionReader(member_keys), relay.translate).from_checkins(*map(enrolled, members))
    return [str(member) for member in members]


def _support(url: str, keys: Keys) -> list[str]:
    """Members, then requests."""
    members = [uuid4() for _ in range(3)]
    with EventStore("support", url, OF_SUPPORT) as store:
        member_keys = MemberKeys(store, KeyFile(keys.folder / "kek"))
        reader = SupportReader(Members(store, member_keys, utc_now))
        Hearing(store, reader, support_relay.translate).from_checkins(*map(enrolled, members))
        support = Support(store, member_keys, utc_now)
        made = [MakeRequest(member, Kind.NEED, "somebody to talk to", hidden) for member in members for hidden in (False, True)]
        decisions = [one for one in support.decide(made) if isinstance(one, Decision)]
        record_decisions(store, decisions)
    return [*map(str, members), *(str(one.result["id"]) for one in decisions)]
