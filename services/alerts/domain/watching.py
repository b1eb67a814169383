"""What is taken in of a member before the detectors look: a check-in into their history, a colleague's concern."""

from dataclasses import replace
from datetime import date, timedelta

from services.alerts.domain.detection.days import Said
from services.alerts.domain.detection.history import observed
from services.alerts.domain.members import Member, Report
from services.alerts.domain.rules import RuleSet
from shared.events.checkins import CheckInRecorded, DistressFlagged


def watched(rules: RuleSet, member: Member, event: CheckInRecorded | DistressFlagged, day: date) -> Member:
    """The member with this taken in. `day` is the member's own. Check-ins are kept only of who agreed to it."""
    if isinstance(event, DistressFlagged):
        return member if event.urgent else _reported(rules, member, event)
    if not member.may_be_analysed:
        return member
    said = Said(day.toordinal(), event.mood, event.energy, event.stress)
    return replace(
        member, history=observed(member.history, said, rules.change, (rules.points.ewma > 0, rules.points.cusum > 0))
    )


def _reported(rules: RuleSet, member: Member, event: DistressFlagged) -> Member:
    """Each reporter's latest, of the last days."""
    since = event.occurred_at - timedelta(days=rules.concern_days)
    kept = [one for one in member.reports if one.at > since and one.reporter != event.reporter]
    return replace(member, reports=(*kept, Report(event.reporter, event.occurred_at))[-MOST_REPORTS:])


MOST_REPORTS = 8
"""Enough to know of two reporters, however often somebody without a name reports: of those the latest is kept."""
