"""What all bodies have in common: nothing unknown in them, and text that can be kept."""

import re
from typing import Annotated

from fastapi import Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.errors import Problem

JSON_TYPE = re.compile(r"application/([^/]+\+)?json", re.IGNORECASE)


class Body(BaseModel):
    """A field that isn't known is an error: what was meant by it would be lost without a word."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def require_json(request: Request) -> None:
    """Raises a 415 Problem for a body that says to be something else. One that doesn't say is read as JSON."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if media_type and not JSON_TYPE.fullmatch(media_type):
        raise Problem(415, "not-json", "Send application/json.")


def _plain(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain NUL characters")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must not contain half a surrogate pair")
    return text


Text = Annotated[str, AfterValidator(_plain)]
"""What a person wrote: any characters but those that no database keeps."""

Language = Annotated[str, Field(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35, description="BCP 47")]
