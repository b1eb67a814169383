"""Supporters and their endpoints: enrolling, registering, and switching off what is gone."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Cursor
from psycopg.rows import DictRow

from services.alerts.domain.endpoint_url import check_url
from services.alerts.domain.events import EndpointRegistered, EndpointSwitchedOff, SupporterEnrolled
from services.alerts.views import alert_rows, member_rows, roster
from services.alerts.views.roster import Endpoint
from shared.auth import Caller
from shared.clock import Clock
from shared.errors import unknown, wrong_state
from shared.store import erasures
from shared.store.event_store import Conflict, EventStore, Write
from shared.store.events import PrivateEvent
from shared.store.group_commit import Decision
from shared.store.sealing import place, seal

SECRET_BYTES = 32
"""Standard Webhooks asks for 24 to 64."""


@dataclass(frozen=True)
class EnrolSupporter:
    member: UUID
    languages: tuple[str, ...]
    skills: tuple[str, ...]
    weekly_hours: float | None


@dataclass(frozen=True)
class RegisterEndpoint:
    supporter: UUID
    url: str
    caller: Caller


@dataclass(frozen=True)
class Staff:
    """`key` seals the endpoints' addresses and secrets; `local` permits http to loopback."""

    store: EventStore
    key: bytes
    clock: Clock
    local: bool

    def enrol(self, command: EnrolSupporter) -> Decision[Any]:
        """Raises a 404 Problem for a member not (yet) known here and a 409 for one who is a supporter already."""
        with self.store.transaction() as cursor:
            member = member_rows.load(cursor, [command.member])[command.member]
            already = roster.supporter_of(cursor, command.member)
        if not member.known or member.erased:
            raise erasures.unknown_member(self.store, command.member, "/member")
        if already:
            raise wrong_state("This member is a supporter already.")
        enrolled = SupporterEnrolled(
            originator_id=uuid4(),
            at=self.clock(),
            member=command.member,
            languages=command.languages,
            skills=command.skills,
            weekly_hours=command.weekly_hours,
        )
        here = erasures.require_here(command.member)
        writes = (here, roster.put_supporter(enrolled), alert_rows.look_now(enrolled.at), alert_rows.wake)
        return Decision({"id": enrolled.originator_id}, (enrolled,), writes)

    def register(self, command: RegisterEndpoint) -> Decision[Any]:
        """Raises a 404 Problem for an unknown supporter, a 403 for another's and a 422 for an address not permitted."""
        with self.store.transaction() as cursor:
            member = roster.member_of(cursor, command.supporter)
        if member is None:
            raise unknown("supporter", "/supporter")
        command.caller.require_acting_for(member)
        check_url(command.url, self.local)
        secret, signing_key = secrets.token_bytes(SECRET_BYTES), Ed25519PrivateKey.generate()
        event = EndpointRegistered(originator_id=uuid4(), at=self.clock(), supporter=command.supporter)
        endpoint = self._sealed(event, command.url, secret, signing_key)
        result = {
            "id": endpoint.id,
            "secret": f"whsec_{base64.b64encode(secret).decode()}",
            "public_key": f"whpk_{base64.b64encode(signing_key.public_key().public_bytes_raw()).decode()}",
        }
        here = erasures.require_here(member)
        return Decision(result, (event,), (here, *self._registering(endpoint, event.at)), about=member)

    def switch_off(self, endpoint: UUID) -> None:
        """It is gone for good. What was offered through it alone is rerouted at once."""
        with self.store.transaction() as cursor:
            events, writes = switching_off(cursor, [endpoint], self.clock())
        try:
            self.store.record(events, writes)
        except Conflict:
            return

    def _registering(self, endpoint: Endpoint, at: datetime) -> tuple[Write, ...]:
        owed = alert_rows.owe_here_too(endpoint.supporter, endpoint.id, at)
        return (roster.put_endpoint(endpoint), owed, alert_rows.look_now(at), alert_rows.wake)

    def _sealed(self, event: EndpointRegistered, url: str, secret: bytes, signing_key: Ed25519PrivateKey) -> Endpoint:
        endpoint, version = event.originator_id, event.originator_version
        texts = {"url": url.encode(), "secret": secret, "signing key": signing_key.private_bytes_raw()}
        sealed = (seal(self.key, text, place("alerts", endpoint, version, field)) for field, text in texts.items())
        return Endpoint(endpoint, event.supporter, *sealed)


def switching_off(cursor: Cursor[DictRow], endpoints: Sequence[UUID], at: datetime) -> tuple[list[PrivateEvent], list[Write]]:
    """What has to be recorded when these endpoints end, timers that reroute included; nothing for one that is off."""
    events: list[PrivateEvent] = []
    writes: list[Write] = []
    for endpoint in endpoints:
        supporter = roster.active_supporter_of(cursor, endpoint)
        if supporter is None:
            continue
        events.append(EndpointSwitchedOff(originator_id=endpoint, at=at))
        writes += [roster.switch_off(endpoint), alert_rows.reroute_offers_to(supporter, at), alert_rows.wake]
    return events, writes
