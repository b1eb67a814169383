"""The page behind a claim link: what is asked, and two buttons. No script, nothing from elsewhere, nothing that identifies.

Opening it changes nothing, since previews and scanners open links too; only the forms' POST answers an offer.
"""

from collections.abc import Awaitable, Callable
from html import escape
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from services.alerts.domain.alert import Alert, Offer, OfferState
from shared.errors import MEDIA_TYPE, Problem

SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Alongside</title><style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 2rem auto; padding: 0 1rem; }}
button {{ font: inherit; width: 100%; padding: .8rem; margin: .4rem 0; }}
</style></head><body><h1>{title}</h1><p>{text}</p>
{forms}</body></html>
"""
FORM = '<form method="post" action="/alerts/{alert}/{step}?token={token}"><button>{label}</button></form>\n'
ASKED = (("accept", "Yes, I will get in touch"), ("later", "Not now"), ("decline", "No"))
MINE = (("contact", "I have been in touch"), ("close", "Close it"))


END = "/claim"
TO_THE_PAGE: dict[int | str, dict[str, Any]] = {
    303: {"description": "A browser is sent back to the page, which says how things stand."}
}


class InvalidLink(Problem):
    """A link that was cut off or changed on its way, is another alert's, or whose supporter is gone."""

    def __init__(self) -> None:
        super().__init__(401, "invalid-link", "This link isn't valid, or not any more.", headers={"WWW-Authenticate": "Bearer"})


async def tell_invalid(request: Request, problem: Exception) -> Response:
    """A page for a browser, also where it answered by a form; a problem for a program."""
    assert isinstance(problem, InvalidLink)
    path, _, step = request.url.path.rpartition("/")
    if _is_browser(request) and request.method == "POST":
        return RedirectResponse(f"{path}{END}?{request.url.query}", 303, SAFE)
    if not _is_browser(request) or f"/{step}" != END:
        return Response(problem.encoded(), problem.status, problem.headers, MEDIA_TYPE)
    text = (
        "It may have been cut off on its way: try the whole of it. If that doesn't help, nothing is lost: others are asked too."
    )
    page = PAGE.format(title=escape(problem.detail), text=escape(text), forms="")
    return Response(page, problem.status, problem.headers | SAFE, "text/html")


def response(alert: Alert, offer: Offer | None, token: str | None) -> Response:
    title, text, steps = _content(alert, offer)
    forms = [FORM.format(alert=alert.id, step=step, token=quote(token or ""), label=label) for step, label in steps]
    page = PAGE.format(title=escape(title), text=escape(text), forms="".join(forms))
    return Response(page, headers=SAFE, media_type="text/html")


async def answer(request: Request, alert: UUID, write: Callable[[], Awaitable[Response]]) -> Response:
    """A step's answer: JSON for a program; a browser is sent back to the page, which says how things stand."""
    if not _is_browser(request):
        return await write()
    try:
        await write()
    except Problem as problem:
        if problem.status != 409:
            raise
    token = quote(request.query_params.get("token", ""))
    return RedirectResponse(f"/alerts/{alert}/claim?token={token}", 303, SAFE)


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _content(alert: Alert, offer: Offer | None) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    if alert.has_ended:
        return "It has ended", "Thank you. Nothing more is needed.", ()
    if offer is not None and offer.supporter == alert.accepted_by:
        return "It is yours", "Thank you. Whom it is about is shown in your supporter's tool.", MINE
    if not alert.is_waiting:
        return "Somebody has it", "Another supporter was there first. Thank you for looking.", ()
    if offer is None or offer.state is not OfferState.OPEN:
        return "Thank you", "Somebody else is asked.", ()
    until = f"Others are asked too from {offer.expires_at:%H:%M} UTC on."
    return "Somebody could use a colleague", f"This is {alert.tier}. {until} Can you get in touch?", ASKED
