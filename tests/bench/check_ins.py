"""Check-ins as the relay would have sent them, made fast: by a template, since encoding 1,000,000 models takes a minute."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from shared.events.checkins import CheckInRecorded, Consents, MemberEnrolled
from shared.kafka.records import CONTENT_TYPE, SPEC_VERSION, OutgoingRecord, record_of
from shared.store.events import PrivateEvent

BEGIN_MS = int(datetime(2026, 1, 5, 8, tzinfo=UTC).timestamp() * 1_000)
MILLISECONDS_APART = 7
VALUE = (
    '{"occurred_at":"%s","member":"%s","check_in":"%s","recorded_at":"%s",'
    '"mood":%d,"energy":%d,"stress":%d,"wants_contact":false,"findings":[]}'
)
UUID_BITS = 128
VERSION_4 = 0x4000_8000_0000_0000_0000
NOT_VERSION_4 = ~0xF000_C000_0000_0000_0000


@dataclass(frozen=True)
class Crowd:
    """So many check-ins of so many members. Where there are as many as members, each checks in once, in random order.
    `enrolled` ones are so first, by events of their own."""

    topic: str
    events: int
    members: int
    enrolled: bool = False

    @property
    def last_sequence(self) -> int:
        return self.events + (self.members if self.enrolled else 0)

    def records(self) -> Iterator[tuple[int, OutgoingRecord]]:
        """Each with the number of its member. The same at every call."""
        chance = random.Random(self.topic)
        members = [_uuid(chance) for _ in range(self.members)]
        first = self.members if self.enrolled else 0
        for number in range(first):
            yield number, enrolment(number, members[number])
        order = list(range(self.members))
        chance.shuffle(order)
        for number in range(self.events):
            whose = order[number] if number < self.members else int(chance.random() * self.members)
            yield whose, check_in(first + number, members[whose], chance)


def enrolment(number: int, member: str) -> OutgoingRecord:
    """Of a member who agrees to nothing, so that nobody is alerted. Its `ce_sequence` is one more than its number."""
    at = datetime.fromtimestamp((BEGIN_MS + number * MILLISECONDS_APART) / 1_000, UTC)
    subject = UUID(member)
    event = MemberEnrolled(
        occurred_at=at, member=subject, team="care", timezone="Europe/Brussels", languages=("nl",), consents=Consents()
    )
    return record_of("checkins", number + 1, PrivateEvent(originator_id=subject, originator_version=1, at=at), event)


def check_in(number: int, member: str, chance: random.Random) -> OutgoingRecord:
    """The record whose `ce_sequence` is one more than its number."""
    timestamp_ms = BEGIN_MS + number * MILLISECONDS_APART
    time = _time(timestamp_ms)
    scales = chance.randrange(125)
    value = VALUE % (time, member, _uuid(chance), time, scales % 5 + 1, scales // 5 % 5 + 1, scales // 25 + 1)
    subject = member.encode()
    headers = [
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", _uuid(chance).encode()),
        ("ce_source", b"/alongside/checkins"),
        ("ce_type", CheckInRecorded.type().encode()),
        ("ce_time", time.encode()),
        ("ce_subject", subject),
        ("ce_sequence", b"%d" % (number + 1)),
        ("content-type", CONTENT_TYPE),
    ]
    return OutgoingRecord(subject, value.encode(), headers, timestamp_ms)


def _time(timestamp_ms: int) -> str:
    return datetime.fromtimestamp(timestamp_ms / 1_000, UTC).isoformat().replace("+00:00", "Z")


def _uuid(chance: random.Random) -> str:
    digits = f"{chance.getrandbits(UUID_BITS) & NOT_VERSION_4 | VERSION_4:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
