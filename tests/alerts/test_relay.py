"""What of an alert leaves the service."""

from datetime import UTC, datetime
from uuid import uuid4

from services.alerts.domain import events
from services.alerts.domain.members import Consent
from services.alerts.domain.signals import Signal
from services.alerts.domain.wishes import Kind
from services.alerts.relay import translate
from shared.events import alerts
from shared.events.alerts import Tier
from shared.store.events import PrivateEvent

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ALERT, SUPPORTER, MEMBER = uuid4(), uuid4(), uuid4()


def named(kind: type[PrivateEvent], /, **more: object) -> str | None:
    public = translate(kind(originator_id=ALERT, originator_version=3, at=NOW, **more))
    return type(public).__name__ if public else None


def test_whom_an_alert_is_about_and_why_in_words_stay_here() -> None:
    signals = (Signal("urgent_flag", 8, "A colleague is worried."),)
    public = translate(
        events.Raised(
            originator_id=ALERT, at=NOW, member=MEMBER, tier=Tier.RED, signals=signals, trigger=uuid4(), reporter=uuid4()
        )
    )
    assert isinstance(public, alerts.AlertRaised)
    assert set(public.model_dump()) == {"occurred_at", "alert", "tier", "signals"}
    assert str(MEMBER) not in public.model_dump_json()
    assert "worried" not in public.model_dump_json()


def test_an_offer_is_published_with_its_sequence() -> None:
    public = translate(events.Offered(originator_id=ALERT, originator_version=7, at=NOW, supporter=SUPPORTER, expires_at=NOW))
    assert isinstance(public, alerts.AlertOffered)
    assert (public.sequence, public.supporter) == (7, SUPPORTER)


def test_each_step_has_its_public_event() -> None:
    assert named(events.Declined, supporter=SUPPORTER) == "AlertDeclined"
    assert named(events.Postponed, supporter=SUPPORTER) == "AlertDeclined"
    assert named(events.Accepted, supporter=SUPPORTER) == "AlertAccepted"
    assert named(events.SentOutside) == "AlertSentOutside"
    assert named(events.Closed) == named(events.Cancelled) == "AlertClosed"
    assert named(events.Reopened) == "AlertReopened"


def test_that_a_consent_was_withdrawn_is_published_as_an_end_like_any_other() -> None:
    withdrawn = events.ConsentWithdrawn(originator_id=ALERT, at=NOW, consent=Consent.CONTACT)
    assert translate(withdrawn) == translate(events.Closed(originator_id=ALERT, at=NOW))


def test_supporters_and_inner_steps_are_nobody_elses_business() -> None:
    assert named(events.Withdrawn, supporter=SUPPORTER) is None
    assert named(events.Escalated, step="unanswered") is None
    assert named(events.DangerDecided, by=MEMBER, ground=events.Ground.DANGER_TO_SELF) is None
    assert named(events.SupporterEnrolled, member=MEMBER, languages=(), skills=()) is None


def test_what_people_say_about_who_may_be_asked_is_published_nowhere_and_names_nobody() -> None:
    for kind in (events.ConflictEnded, events.Blocked, events.Unblocked, events.PreferencesSet):
        assert named(kind) is None
    assert named(events.ConflictDeclared, kind=Kind.HR_CASE) is None
    assert named(events.EndpointRegistered, supporter=SUPPORTER) is None
