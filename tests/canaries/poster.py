"""Calls the APIs as anybody, again where it is told to or nobody answers, and keeps what came back."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

from tests.canaries.scene import Scene

PATIENCE = 90.0
SECONDS = 20.0
AGAIN = {429, 503, 504}


class Poster:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._http = httpx.Client(timeout=SECONDS)

    def close(self) -> None:
        self._http.close()

    def post(self, service: str, path: str, body: Any, token: str | None = "SERVICE_TOKEN", **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = {} if "content_type" in headers else {"Content-Type": "application/json"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", service, path, token, content, {**kind, **named})

    def id_of(self, service: str, path: str, body: Any, token: str | None = "SERVICE_TOKEN") -> str:
        """Of what was made."""
        answer = self.post(service, path, body, token)
        assert answer.is_success, (path, answer.status_code, answer.json().get("errors"))
        return str(answer.json()["id"])

    def call(
        self,
        method: str,
        service: str,
        path: str,
        token: str | None,
        content: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """`token` is a name in the environment or a token itself."""
        environment = self._scene.environment
        bearer = {"Authorization": f"Bearer {environment.get(token, token)}"} if token else {}
        url = environment[f"{service.upper()}_URL"] + path
        answer = self._answered(method, url, content, bearer | (headers or {}))
        self._keep(f"{method} {service}{path}", method, answer)
        return answer

    def _answered(self, method: str, url: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self._http.request(method, url, content=content, headers=headers)
                if "retry-after" not in answer.headers and answer.status_code not in AGAIN:
                    return answer
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline:
                raise TimeoutError(f"{method} {httpx.URL(url).host} was not answered in {PATIENCE:.0f} s")
            time.sleep(0.1)

    def _keep(self, what: str, method: str, answer: httpx.Response) -> None:
        self._scene.posted += 1
        self._scene.answer_headers.append((what, str(answer.headers).encode()))
        if answer.is_error:
            self._scene.error_bodies.append((what, answer.content))
        elif method != "GET":
            self._scene.written_answers.append((what, answer.content))
