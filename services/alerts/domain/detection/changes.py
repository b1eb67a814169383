"""The detectors of change: against a person's own baseline, in words that say what was seen and what is usual for them.

They look at the member with the check-in taken in already.
"""

from datetime import date

from services.alerts.domain.detection.days import ITEMS, WORST_PLUS_BEST, Day
from services.alerts.domain.detection.habit import silent_days
from services.alerts.domain.detection.history import History
from services.alerts.domain.members import Member
from services.alerts.domain.rules import RuleSet
from services.alerts.domain.signals import Signal
from shared.events.checkins import CheckInRecorded, DistressFlagged

Observed = CheckInRecorded | DistressFlagged
LAST = 3
"""Days of which a reason tells the mean."""


def lasting_change(rules: RuleSet, member: Member, event: Observed) -> Signal | None:
    """Several days together lie lower than usual. It calls for somebody on the day on which it is found; then it goes on."""
    history = member.history
    if not _is_analysed(member, event) or history.now.alarm_since is None or history.baseline is None:
        return None
    where = f"about {_recently(history):.1f} of 5, where {_usually(history):.1f} is usual"
    if history.called_on != history.today.date or not any(alarming(history, rules)):
        since = date.fromordinal(history.now.alarm_since)
        reason = f"They have been lower than usual for them since {since}, {where}; a supporter was called for then."
        return Signal("going_on", rules.points.going_on, reason) if history.is_low(0, rules.change) else None
    ewma, cusum = alarming(history, rules)
    name = "ewma" if ewma >= cusum else "cusum"
    seen = "Their last days are lower than usual for them" if name == "ewma" else "Small drops have added up"
    return Signal(name, max(ewma, cusum), f"{seen}, in mood, energy and stress together: {where}.")


def alarming(history: History, rules: RuleSet) -> tuple[float, float]:
    """The points of each chart that alarms now."""
    together = history.now.charts[0]
    return rules.points.ewma * together.ewma_alarms, rules.points.cusum * together.cusum_alarms


def one_item(rules: RuleSet, member: Member, event: Observed) -> Signal | None:
    """One item by itself, while all together are as usual."""
    history = member.history
    if not _is_analysed(member, event) or not history.is_long(rules.change) or history.now.alarm_since is not None:
        return None
    charts = enumerate(history.now.charts[1:])
    changed = [n for n, chart in charts if chart.ewma_alarms and history.is_low(1 + n, rules.change)]
    return Signal("one_item", rules.points.one_item, _changed(history, changed[0])) if changed else None


def missed_check_ins(rules: RuleSet, member: Member, event: Observed) -> Signal | None:
    """Told at the next word about them: nothing happens in a fold while nothing is read."""
    if not member.may_be_analysed or not member.history.days or member.history.late:
        return None
    now = member.history.today.date if isinstance(event, CheckInRecorded) else event.occurred_at.toordinal()
    silent = silent_days(member.history.days, now, rules.habit)
    if silent is None:
        return None
    reason = f"They hadn't checked in for {silent[0]} days; usually it is every {silent[1]:.1f} days."
    return Signal("missed_check_ins", rules.points.missed_check_ins, reason)


def is_unusual(rules: RuleSet, member: Member, item: int, event: CheckInRecorded) -> bool:
    """Whether a bad value may be a sign while little is known of a person: not where it is what they always say, and by itself
    only where the whole day is low. Every cut-off at once is a sign whatever was said earlier that day."""
    history, enough = member.history, rules.change.usual.first_days
    if history.baseline is None or history.baseline.days < enough:
        return True
    usual, drop = history.baseline.items[item], history.baseline.drops(history.today)[1 + item]
    value = (event.mood, event.energy or 0, WORST_PLUS_BEST - (event.stress or 0))[item]
    lower = usual.mean - value > rules.cut_offs.unusual_sigmas * usual.sigma
    low_day = drop is None or drop > rules.cut_offs.unusual_day_sigmas
    return not history.is_long(rules.change) and lower and (low_day or _is_the_worst(rules, event))


def _is_the_worst(rules: RuleSet, event: CheckInRecorded) -> bool:
    cut = rules.cut_offs
    if event.energy is None or event.stress is None:
        return False
    return event.mood <= cut.mood_at_most and event.energy <= cut.energy_at_most and event.stress >= cut.stress_at_least


def _is_analysed(member: Member, event: Observed) -> bool:
    return member.may_be_analysed and isinstance(event, CheckInRecorded) and not member.history.late


def _recently(history: History) -> float:
    """Over the last days and what was told on them."""
    told = [mean for day in history.days[-LAST:] for mean in day.means if mean is not None]
    return sum(told) / len(told)


def _usually(history: History) -> float:
    assert history.baseline is not None, "an alarm needs one"
    said = [item.mean for item, mean in zip(history.baseline.items, history.today.means, strict=True) if mean is not None]
    return sum(said) / len(said)


def _changed(history: History, item: int) -> str:
    assert history.baseline is not None, "an alarm needs one"
    told = [mean for day in history.days[-LAST:] if (mean := _mean(day, item)) is not None]
    recently, usual = sum(told) / len(told), history.baseline.items[item].mean
    if ITEMS[item] == "stress":
        recently, usual = WORST_PLUS_BEST - recently, WORST_PLUS_BEST - usual
        return f"Their stress has been higher than usual for them: about {recently:.1f}, where {usual:.1f} is usual."
    return f"Their {ITEMS[item]} has been lower than usual for them: about {recently:.1f}, where {usual:.1f} is usual."


def _mean(day: Day, item: int) -> float | None:
    return day.means[item]
