from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit

import pytest

from services.checkins.domain.crisis import crisis_lines

LISTED = crisis_lines()
COUNTRIES = sorted(LISTED.countries)


def test_the_day_of_the_last_review_is_a_date() -> None:
    assert date.fromisoformat(LISTED.reviewed).year >= 2026


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_line_says_what_to_do_and_where_it_was_seen(country: str) -> None:
    for line in LISTED.countries[country].lines:
        assert line.name
        assert re.match(r"(Call|Text|Visit|Chat)\b", line.contact), line
        assert urlsplit(line.source or "").scheme in ("http", "https"), line


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_country_is_two_letters_and_begins_with_its_emergency_number(country: str) -> None:
    first, *others = LISTED.lines_for(country)
    assert re.fullmatch("[A-Z]{2}", country)
    assert first.name == "Emergency services"
    assert any(character.isdigit() for character in first.contact)
    assert list(LISTED.anywhere) == others[-len(LISTED.anywhere) :]


@pytest.mark.parametrize("country", [None, "", "XX", "de"])
def test_elsewhere_there_are_the_lines_for_anywhere(country: str | None) -> None:
    assert LISTED.lines_for(country) == LISTED.anywhere != ()
