"""What scores mean, and when two of one person differ by more than the instrument's error."""

import pytest

from services.alerts.domain.detection.instruments import BANDS, RELIABLE, is_reliable, reliable_change


@pytest.mark.parametrize(
    ("instrument", "score", "band"),
    [
        ("phq-4", 2, "normal"),
        ("phq-4", 3, "mild"),
        ("phq-4", 6, "moderate"),
        ("phq-4", 12, "severe"),
        ("who-5", 28, "very_low"),
        ("who-5", 50, "low"),
        ("who-5", 52, "usual"),
        ("k6", 4, "low"),
        ("k6", 5, "moderate"),
        ("k6", 13, "serious"),
        ("ucla-3", 5, "not_lonely"),
        ("ucla-3", 6, "lonely"),
        ("burnout-1", 3, "burnt_out"),
        ("cbi-work", 50, "high"),
    ],
)
def test_a_score_falls_into_its_published_band(instrument: str, score: float, band: str) -> None:
    assert BANDS[instrument].of(score) == band


@pytest.mark.parametrize("score", [-1, 13])
def test_a_score_that_cannot_be_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="lies within 0 and 12"):
        BANDS["phq-4"].of(score)


def test_reliable_change_is_that_of_jacobson_and_truax() -> None:
    """Their example: from 47.5 to 32.5, SD 10, r 0.80: RC = 2.37."""
    assert reliable_change(47.5, 32.5, sd=10, reliability=0.80) == pytest.approx(2.37, abs=0.005)
    assert is_reliable(47.5, 32.5, sd=10, reliability=0.80)
    assert not is_reliable(40, 40 + RELIABLE * 10 * 0.4**0.5 - 0.01, sd=10, reliability=0.80)


@pytest.mark.parametrize(("sd", "reliability"), [(0, 0.8), (-1, 0.8), (1, 1), (1, -0.1)])
def test_a_spread_or_a_reliability_that_cannot_be_is_refused(sd: float, reliability: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        reliable_change(1, 2, sd, reliability)
