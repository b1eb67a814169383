"""The crisis page: no token, no database, no script."""

from html import escape
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from services.checkins.domain.crisis import CrisisLine, crisis_lines

router = APIRouter(tags=["crisis"])

COUNTRY = Annotated[str | None, Query(pattern="^[A-Za-z]{2}$")]

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Someone to talk to now</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:auto;padding:1rem}}
li{{margin:.6rem 0}}</style></head><body><h1>Someone to talk to now</h1>
<p>If you or somebody near you may be in danger, call your local emergency number.</p>{sections}
<p><small>Each source is the page where the number was seen. Looked up on {reviewed}.</small></p></body></html>"""


@router.get("/crisis", response_class=HTMLResponse)
async def page(country: COUNTRY = None) -> HTMLResponse:
    listed = crisis_lines()
    chosen = [country.upper()] if country and country.upper() in listed.countries else sorted(listed.countries)
    sections = [_section(code, listed.countries[code].all_lines()) for code in chosen]
    sections.append(_section("Anywhere", listed.anywhere))
    return HTMLResponse(PAGE.format(sections="".join(sections), reviewed=escape(listed.reviewed)))


@router.get("/crisis-lines")
async def lines(country: COUNTRY = None) -> dict[str, Any]:
    return {"items": msgspec.to_builtins(crisis_lines().lines_for(country.upper() if country else None)), "next": None}


def _section(title: str, lines: tuple[CrisisLine, ...]) -> str:
    return f"<h2>{escape(title)}</h2><ul>{''.join(map(_item, lines))}</ul>" if lines else ""


def _item(line: CrisisLine) -> str:
    hours = f", {escape(line.hours)}" if line.hours else ""
    seen = f' <small><a href="{escape(line.source)}">source</a></small>' if line.source else ""
    return f"<li><strong>{escape(line.name)}</strong>: {escape(line.contact)}{hours}{seen}</li>"
