"""What a claim link's token is worth."""

import base64
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.alerts.domain.claims import Claim, ClaimLinks

LINKS = ClaimLinks("https://alerts.example/", b"a key")


@given(st.uuids(), st.uuids(), st.integers(1, 2**31))
def test_a_token_says_who_may_answer_which_offer(alert: UUID, supporter: UUID, sequence: int) -> None:
    claim = Claim(alert, supporter, sequence)
    assert LINKS.claim(claim.alert, LINKS.token(claim)) == claim


@given(st.text(max_size=80))
def test_anything_else_is_worth_nothing(token: str) -> None:
    assert LINKS.claim(uuid4(), token) is None


@given(st.integers(0, 51), st.integers(1, 255))
def test_no_bit_of_a_token_can_be_changed(place: int, change: int) -> None:
    claim = Claim(uuid4(), uuid4(), 2)
    raw = bytearray(base64.urlsafe_b64decode(LINKS.token(claim) + "=="))
    raw[place] ^= change
    assert LINKS.claim(claim.alert, base64.urlsafe_b64encode(bytes(raw)).decode()) is None


def test_a_token_is_worth_nothing_for_another_alert_or_under_another_key() -> None:
    claim = Claim(uuid4(), uuid4(), 2)
    assert LINKS.claim(uuid4(), LINKS.token(claim)) is None
    assert ClaimLinks(LINKS.base_url, b"another").claim(claim.alert, LINKS.token(claim)) is None


def test_a_link_leads_to_the_page_of_its_alert() -> None:
    claim = Claim(uuid4(), uuid4(), 2)
    link = f"https://alerts.example/alerts/{claim.alert}/claim?token="
    assert LINKS.open_url(claim.alert) == link
    assert (
        LINKS.completed(f'{{"claim_url":"{link}"}}'.encode(), claim) == f'{{"claim_url":"{link}{LINKS.token(claim)}"}}'.encode()
    )
