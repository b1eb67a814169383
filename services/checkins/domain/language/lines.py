"""One line of JSON in, one out: `{id, text}` becomes `{id, score, tier, matches}`, or `{id, error}` where it can't be read."""

import json
import os
import re
from collections.abc import Iterable
from typing import IO, Any

import msgspec

from services.checkins.domain.language.analysing import analyse

_NO_TEXT = re.compile("[\\0\ud800-\udfff]")

LONGEST_TEXT = 1_000_000
"""Characters."""


class WrongLine(ValueError):
    """Says what is wrong with a line."""


class ReadLine(msgspec.Struct):
    id: str | int
    score: float
    tier: str
    matches: list[dict[str, Any]]


class RefusedLine(msgspec.Struct):
    id: str | int | None
    error: str


def answer_all(lines: Iterable[bytes], out: IO[bytes]) -> None:
    """One answer for each line, in order and before the next is read. Ends early where nobody reads them any more."""
    try:
        for line in lines:
            out.write(answer(line) + b"\n")
            out.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())  # or the interpreter complains when it flushes at its end


def answer(line: bytes) -> bytes:
    """The answer's line, without its end. Never raises."""
    known: str | int | None = None
    try:
        given = _object(line)
        known = _id(given)
        if known is None:
            raise WrongLine("`id` must be a string or a whole number")
        return msgspec.json.encode(_read(known, _text(given)))
    except WrongLine as wrong:
        return msgspec.json.encode(RefusedLine(known, str(wrong)))


def _object(line: bytes) -> dict[str, Any]:
    try:
        given = msgspec.json.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        given = _once_more(line)
    if not isinstance(given, dict):
        raise WrongLine("not a JSON object")
    return given


def _once_more(line: bytes) -> Any:
    """By a reader that lets half characters pass, so that the line's id can be told."""
    try:
        return json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise WrongLine("not a line of JSON in UTF-8") from None


def _id(given: dict[str, Any]) -> str | int | None:
    known = given.get("id")
    if isinstance(known, str) and _is_text(known):
        return known
    return known if isinstance(known, int) and not isinstance(known, bool) and abs(known) < 2**63 else None


def _text(given: dict[str, Any]) -> str:
    text = given.get("text")
    if not isinstance(text, str):
        raise WrongLine("`text` must be a string")
    if not _is_text(text):
        raise WrongLine("`text` has half a character (a lone surrogate) or a NUL")
    if len(text) > LONGEST_TEXT:
        raise WrongLine(f"`text` is longer than {LONGEST_TEXT} characters")
    return text


def _is_text(text: str) -> bool:
    return _NO_TEXT.search(text) is None


def _read(known: str | int, text: str) -> ReadLine:
    found = analyse(text)
    matches = [{"category": m.category, "rule": m.rule, "span": m.span, "weight": m.weight} for m in found.matches]
    return ReadLine(known, found.score, found.tier, matches)
