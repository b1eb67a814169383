"""Requests that schemathesis makes from a document: by the schema, and against it in one place."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

from tests.fuzz.requests import Request

AT_ONCE = 20
KEPT = ("content-type", "idempotency-key")
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def generated(document: dict[str, Any], start: int) -> Iterator[Request]:
    """Without an end, every operation in turn."""
    read: Any = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in read.get_all_operations()]
    for turn in itertools.count(start * 1_000):
        for operation in operations:
            for mode in MODES:
                yield from _batch(operation, mode, turn)


def _batch(operation: Any, mode: GenerationMode, turn: int) -> list[Request]:
    made: list[Request] = []

    @seed(turn)
    @settings(max_examples=AT_ONCE, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Any) -> None:
        made.append(_as_bytes(case, operation.path))

    try:
        collect()
    except schemathesis.errors.InvalidSchema:
        raise
    except Exception as impossible:
        if "Unsatisfiable" not in type(impossible).__name__:
            raise
    return made


def _as_bytes(case: Any, path: str) -> Request:
    prepared = requests.Request(**case.as_transport_kwargs(base_url="http://127.0.0.1")).prepare()
    body: Any = prepared.body or b""
    target = quote(prepared.path_url, safe="/?=&%+;,:@!$'()*~-._")
    headers = {
        name: str(value) for name, value in prepared.headers.items() if name.lower() in ("content-type", "idempotency-key")
    }
    return Request(prepared.method or "GET", target, headers, body.encode() if isinstance(body, str) else body, path)
