"""When a webhook is tried again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.alerts.domain.retries import LONG_SECONDS, next_attempt, not_before
from shared.events.alerts import Tier

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
seconds = st.floats(0, 10_000_000, allow_nan=False)


def red(elapsed: float) -> float:
    at = NOW + timedelta(seconds=elapsed)
    return (next_attempt(Tier.RED, NOW, 1, at, 0) - NOW).total_seconds()


def test_red_is_tried_at_0_5_15_30_and_60_seconds_and_then_rarely() -> None:
    assert [red(elapsed) for elapsed in (0, 5, 15, 30, 60, 300, 1800)] == [5, 15, 30, 60, 300, 1800, 7200]


def test_a_red_attempt_that_took_long_is_followed_by_the_next_that_is_still_ahead() -> None:
    assert [red(elapsed) for elapsed in (4, 19.5, 61)] == [5, 30, 300]


def test_others_follow_the_schedule_of_standard_webhooks() -> None:
    waits = [next_attempt(Tier.ORANGE, NOW, attempts, NOW, 0) - NOW for attempts in range(1, 12)]
    assert [wait.total_seconds() for wait in waits] == [*LONG_SECONDS[1:], 86_400, 86_400]


@given(st.integers(1, 100), st.floats(0, 1), seconds)
def test_jitter_puts_off_by_a_tenth_at_most(attempts: int, chance: float, elapsed: float) -> None:
    now = NOW + timedelta(seconds=elapsed)
    plain = next_attempt(Tier.ORANGE, NOW, attempts, now, 0)
    assert plain <= next_attempt(Tier.ORANGE, NOW, attempts, now, chance) <= plain + (plain - now) * 0.1001


@given(st.sampled_from([Tier.RED, Tier.ORANGE]), st.integers(1, 1000), st.floats(0, 1), seconds)
def test_a_debt_is_never_forgotten_and_never_hammered(tier: Tier, attempts: int, chance: float, elapsed: float) -> None:
    now = NOW + timedelta(seconds=elapsed)
    again = next_attempt(tier, NOW, attempts, now, chance)
    assert now < again <= now + timedelta(seconds=86_400 * 1.11)


@given(st.sampled_from([Tier.RED, Tier.ORANGE]), st.integers(-(10**6), 10**6))
def test_a_receiver_cannot_put_an_alert_off_without_bound(tier: Tier, asked: int) -> None:
    granted = not_before(tier, NOW, timedelta(seconds=asked)) - NOW
    assert timedelta(0) <= granted <= timedelta(seconds=60 if tier is Tier.RED else 3600)
