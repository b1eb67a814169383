"""Supporters and endpoints, as rows, and the pool from which an alert's next supporter is chosen."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from services.alerts.domain.eligibility import Candidate, Pool
from services.alerts.domain.events import SupporterEnrolled
from services.alerts.domain.fatigue import REMEMBERED, WEIGHTS, Carried
from services.alerts.views import member_rows, wish_rows
from shared.events.alerts import Tier
from shared.store.event_store import Conflict, Write

LATELY = timedelta(days=28)
"""Whoever accepted more within this time is asked later (our default)."""

_CANDIDATES = """
SELECT s.id, s.member, s.languages, s.skills,
       array(SELECT e.id FROM endpoints e WHERE e.supporter = s.id AND e.active ORDER BY e.id) AS endpoints
FROM supporters s
"""
_CARRIED = """
SELECT o.supporter, a.tier, o.accepted_at FROM offers o JOIN alerts a ON a.id = o.alert
WHERE o.at > %s AND (o.state = 'open' OR o.accepted_at IS NOT NULL)
"""


@dataclass(frozen=True)
class Endpoint:
    """Its address and its secrets are sealed: an address may hold a name, or a secret of the supporter's tool."""

    id: UUID
    supporter: UUID
    url: bytes
    secret: bytes
    signing_key: bytes


def pool(cursor: Cursor[DictRow], about: Collection[UUID], now: datetime) -> Pool:
    """Everybody who may be asked about alerts of these members, with all chains and all that was said which decides it."""
    cursor.execute(_CARRIED, (now - LATELY,))
    carried: defaultdict[UUID, list[Carried]] = defaultdict(list)
    for row in cursor:
        carried[row["supporter"]].append(Carried(Tier(row["tier"]), row["accepted_at"]))
    cursor.execute(_CANDIDATES)
    candidates = [_candidate(row, carried[row["id"]], now) for row in cursor]
    members = member_rows.load_chains(cursor, {*about, *(each.member for each in candidates)})
    return Pool(candidates, members, wish_rows.wishes(cursor, about))


def supporter_of(cursor: Cursor[DictRow], member: UUID) -> UUID | None:
    cursor.execute("SELECT id FROM supporters WHERE member = %s", (member,))
    row = cursor.fetchone()
    return row["id"] if row else None


def member_of(cursor: Cursor[DictRow], supporter: UUID) -> UUID | None:
    cursor.execute("SELECT member FROM supporters WHERE id = %s", (supporter,))
    row = cursor.fetchone()
    return row["member"] if row else None


def put_supporter(enrolled: SupporterEnrolled) -> Write:
    """A Conflict follows where the member is a supporter already."""
    values = (
        enrolled.originator_id,
        enrolled.member,
        list(enrolled.languages),
        list(enrolled.skills),
        enrolled.weekly_hours,
    )

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO supporters VALUES (%s, %s, %s, %s, %s)", values)

    return write


def put_endpoint(endpoint: Endpoint) -> Write:
    """A Conflict follows where its supporter was erased meanwhile."""
    values = (endpoint.id, endpoint.supporter, endpoint.url, endpoint.secret, endpoint.signing_key)

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO endpoints (id, supporter, url, secret, signing_key) VALUES (%s, %s, %s, %s, %s)", values)

    return write


def hold_reachable(supporters: Collection[UUID]) -> Write:
    """Nobody switches off their endpoints before this is committed. A Conflict follows where none is left: whoever decided to
    ask them saw them as they were."""
    asked = sorted(set(supporters))

    def write(cursor: Cursor[DictRow]) -> None:
        if not asked:
            return
        cursor.execute("SELECT supporter FROM endpoints WHERE supporter = ANY(%s) AND active ORDER BY id FOR SHARE", (asked,))
        if len({row["supporter"] for row in cursor}) < len(asked):
            raise Conflict("a supporter who was to be asked can't be reached any more")

    return write


def drop_supporters(members: Sequence[UUID]) -> Write:
    """Their endpoints with address and secrets, and what was sent there. That it was sent, and when, stays on record."""
    gone = list(members)

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("SELECT id FROM supporters WHERE member = ANY(%s) ORDER BY id FOR UPDATE", (gone,))
        supporters = [row["id"] for row in cursor]
        cursor.execute("SELECT 1 FROM endpoints WHERE supporter = ANY(%s) ORDER BY id FOR UPDATE", (supporters,))
        cursor.execute(
            "UPDATE deliveries SET body = '', endpoint = NULL, state = CASE state WHEN 'owed' THEN 'failed' ELSE state END"
            " WHERE supporter = ANY(%s)",
            (supporters,),
        )
        cursor.execute("DELETE FROM endpoints WHERE supporter = ANY(%s)", (supporters,))
        cursor.execute("DELETE FROM supporters WHERE id = ANY(%s)", (supporters,))

    return write


def switch_off(endpoint: UUID) -> Write:
    """Nothing is sent there any more; what is owed there has failed."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("UPDATE endpoints SET active = false WHERE id = %s", (endpoint,))
        cursor.execute("UPDATE deliveries SET state = 'failed' WHERE endpoint = %s AND state = 'owed'", (endpoint,))

    return write


def active_endpoints_of(cursor: Cursor[DictRow], members: Sequence[UUID]) -> list[UUID]:
    """The endpoints of those of these members who are supporters."""
    cursor.execute(
        "SELECT e.id FROM endpoints e JOIN supporters s ON s.id = e.supporter WHERE s.member = ANY(%s) AND e.active",
        (list(members),),
    )
    return [row["id"] for row in cursor]


def active_supporter_of(cursor: Cursor[DictRow], endpoint: UUID) -> UUID | None:
    """Whose endpoint it is; None where it is off."""
    cursor.execute("SELECT supporter FROM endpoints WHERE id = %s AND active", (endpoint,))
    row = cursor.fetchone()
    return row["supporter"] if row else None


def _candidate(row: DictRow, carried: Sequence[Carried], now: datetime) -> Candidate:
    languages, skills = tuple(row["languages"]), tuple(row["skills"])
    load = sum(WEIGHTS[one.tier] for one in carried)
    counting = tuple(one for one in carried if one.within(REMEMBERED, now))
    return Candidate(row["id"], row["member"], languages, skills, load, counting, tuple(row["endpoints"]))
