"""What is kept of a person for the sake of change detection: their last days, their baseline, and where the charts stand.

Small and bounded; the same check-ins in the same order give the same. What is told of an earlier day later on counts for that
day, and so for the baseline to come, and moves no chart: nobody is called about last week.
"""

from collections.abc import Sequence

import msgspec

from services.alerts.domain.detection.baseline import Baseline, baseline_of
from services.alerts.domain.detection.charts import Chart, Noise, stepped
from services.alerts.domain.detection.days import Day, Said, gap, with_said
from services.alerts.domain.detection.settings import Change

WEEK = 7
QUICK = 0.6
"""The weight of a day in the average that ranks; measured in deploy/decisions/0019-a-personal-baseline-decides.md."""

On = tuple[bool, bool]
"""Whether the EWMA and the CUSUM may alarm."""
BOTH = (True, True)

CHARTS = ("all", "mood", "energy", "stress")
"""Of the mean deviation over the items, and of each item."""


class Watch(msgspec.Struct, frozen=True, array_like=True):
    """Charts in the order of CHARTS; the day on which the alarm began that still stands; `quick`, an average of the drops
    that ranks days and decides nothing."""

    charts: tuple[Chart, ...] = (Chart(), Chart(), Chart(), Chart())
    alarm_since: int | None = None
    quick: float = 0.0


class History(msgspec.Struct, frozen=True, array_like=True):
    """Days in order. `before` is the watch as the last day began, `now` with it; `called_on` the last day on which an alarm
    called for somebody; `made_on` that on which the baseline was made; `late`: what was taken in last is of an earlier day."""

    days: tuple[Day, ...] = ()
    baseline: Baseline | None = None
    before: Watch = Watch()
    now: Watch = Watch()
    called_on: int | None = None
    made_on: int = 0
    late: bool = False

    @property
    def today(self) -> Day:
        return self.days[-1]

    def is_long(self, change: Change) -> bool:
        """Whether there are days enough to know what is usual; until then only absolute cut-offs call for anybody."""
        return self.baseline is not None and self.baseline.days >= change.usual.days

    def is_low(self, chart: int, change: Change) -> bool:
        """Whether today lies lower than usual by itself: all items together, or one of them. Charts take days to come down."""
        drop = self.baseline.drops(self.today)[chart] if self.baseline else None
        return drop is not None and drop > change.charts.low_day


def observed(history: History, said: Said, change: Change, on: On = BOTH) -> History:
    """The history with one check-in more, watched by the charts that are on."""
    days = with_said(history.days, said, change.usual.most_days)
    last = history.days[-1].date if history.days else 0
    if said.date < last:
        return msgspec.structs.replace(history, days=days, late=True)
    if said.date > last:
        history = _day_begun(history, days, change)
    return _day_seen(msgspec.structs.replace(history, days=days, late=False), change, on)


def _day_begun(history: History, days: tuple[Day, ...], change: Change) -> History:
    """Yesterday's watch is closed; the baseline is made anew unless an alarm freezes it, or it is fresh."""
    before = history.now
    if gap(days) > change.charts.forgotten_days:
        before = Watch()
    if before.alarm_since is not None or _is_fresh(history, days[-1].date, change):
        return msgspec.structs.replace(history, before=before)
    baseline = baseline_of(baseline_days(days, change), change.usual)
    return msgspec.structs.replace(history, before=before, baseline=baseline, made_on=days[-1].date)


def _is_fresh(history: History, date: int, change: Change) -> bool:
    """The more days a baseline rests on, the less one more would move it."""
    rests_on = history.baseline.days if history.baseline else 0
    return date - history.made_on < min(rests_on // WEEK, change.usual.kept_for)


def baseline_days(days: Sequence[Day], change: Change) -> list[Day]:
    """Those before today that are old enough to lie before a change that goes on now; while there are few, the first ones."""
    past = [day for day in days[:-1] if not day.in_alarm]
    old = [day for day in past if day.date < days[-1].date - change.usual.waits]
    fewest = change.usual.days if len(past) >= change.usual.days else change.usual.first_days
    return old if len(old) >= fewest else past[:fewest]


def _day_seen(history: History, change: Change, on: On) -> History:
    today, now = history.today, _watched(history, change, on)
    since = now.alarm_since
    if since is not None and today.date - since >= change.charts.new_usual_days:
        return _begun_anew(history, since, change, on)
    called = history.called_on
    again = called is None or today.date - called >= change.charts.again_days
    if since is not None and again and history.is_low(0, change):
        called = today.date
    days = (*history.days[:-1], msgspec.structs.replace(today, in_alarm=since is not None))
    return msgspec.structs.replace(history, days=days, now=now, called_on=called)


def _watched(history: History, change: Change, on: On) -> Watch:
    """The watch with today as it is by now."""
    assert history.baseline is not None, "made when its day began"
    before, drops = history.before, history.baseline.drops(history.today)
    noise = Noise(history.baseline.alike, history.baseline.days)
    charts = tuple(
        chart if drop is None else stepped(chart, drop, noise, change.charts)
        for chart, drop in zip(before.charts, drops, strict=True)
    )
    alarmed = history.is_long(change) and ((on[0] and charts[0].ewma_alarms) or (on[1] and charts[0].cusum_alarms))
    since = (before.alarm_since or history.today.date) if alarmed else None
    return Watch(charts, since, before.quick + QUICK * ((drops[0] or 0.0) - before.quick))


def _begun_anew(history: History, since: int, change: Change, on: On) -> History:
    """After so long it is how things are: what came before the change is forgotten, and the charts begin anew."""
    days = tuple(msgspec.structs.replace(day, in_alarm=False) for day in history.days if day.date >= since)
    baseline = baseline_of(baseline_days(days, change), change.usual)
    made = msgspec.structs.replace(history, days=days, before=Watch(), baseline=baseline, made_on=days[-1].date)
    return msgspec.structs.replace(made, now=_watched(made, change, on))
