from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.contracts.apps import services_with_an_api
from deploy.contracts.documents import FOLDER, documents
from shared.events import all_events
from tests.access.table import rules

COMMAND = "run `.venv/bin/python -m deploy.contracts`, look at the difference and commit it"


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return {file.name: file.read_text() for file in FOLDER.glob("*.json")}


def test_the_documents_say_what_the_code_does(written: dict[str, str]) -> None:
    today = documents()
    assert sorted(written) == sorted(today), f"a document is missing or left over: {COMMAND}"
    assert not [name for name in today if today[name] != written[name]], f"changed: {COMMAND}"


def test_every_event_is_a_message_of_its_publishers_channel(written: dict[str, str]) -> None:
    document = json.loads(written["asyncapi.json"])
    messages = {name for channel in document["channels"].values() for name in channel["messages"]}
    heads = {f"{event.service}.ChainHead" for event in all_events().values()}
    assert messages == set(all_events()) | heads == set(document["components"]["messages"])


@pytest.mark.parametrize("name", ["asyncapi.json", *(f"openapi-{service}.json" for service in services_with_an_api())])
def test_every_reference_in_a_document_leads_somewhere(name: str, written: dict[str, str]) -> None:
    document = json.loads(written[name])
    for reference in _references(document):
        assert _at(document, reference) is not None, reference


@pytest.mark.parametrize("service", services_with_an_api())
def test_every_answer_that_is_an_error_is_problem_json(service: str, written: dict[str, str]) -> None:
    document = json.loads(written[f"openapi-{service}.json"])
    for address, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert answer["$ref"] == "#/components/responses/Problem", f"{method} {address} {status}"
                    assert answer["description"]
    assert [*_at(document, "#/components/responses/Problem")["content"]] == ["application/problem+json"]


@pytest.mark.parametrize("service", services_with_an_api())
def test_a_change_has_no_default_for_what_it_may_leave_out(service: str, written: dict[str, str]) -> None:
    """A generated client would send it, and change what nobody wanted to."""
    document = json.loads(written[f"openapi-{service}.json"])
    for address, operations in document["paths"].items():
        if "patch" in operations:
            body = operations["patch"]["requestBody"]
            assert not _defaults(document, body), address


@pytest.mark.parametrize("service", services_with_an_api())
def test_a_document_says_for_each_route_who_is_let_in(service: str, written: dict[str, str]) -> None:
    document = json.loads(written[f"openapi-{service}.json"])
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for rule in rules():
        operation = document["paths"].get(rule.path, {}).get(rule.method.lower())
        if rule.service != service or operation is None:
            continue
        if rule.open:
            assert (operation["security"], "x-who" in operation) == ([], False), rule
        else:
            assert {"bearer": []} in operation["security"], rule
            assert ({"claim_link": []} in operation["security"]) is rule.claim, rule
            assert set(operation["x-who"]["scopes"]) == set(rule.scopes), rule
            assert set(operation["x-who"]["roles"]) >= set(rule.roles) | set(rule.own), rule


@pytest.mark.parametrize("service", services_with_an_api())
def test_a_document_names_the_headers_of_a_write(service: str, written: dict[str, str]) -> None:
    document = json.loads(written[f"openapi-{service}.json"])
    for address, operations in document["paths"].items():
        for method, operation in operations.items():
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            by_bearer = bool(operation["security"])
            assert ("Idempotency-Key" in names) is (by_bearer and method != "get"), f"{method} {address}"
            tells = any("X-Position" in answer.get("headers", {}) for answer in operation["responses"].values())
            has_history = not {"keys", "ops"} & set(operation["tags"])
            assert tells is (by_bearer and method != "get" and has_history), f"{method} {address}"


def _defaults(document: Any, part: Any) -> list[str]:
    """Every schema that has one, those that are referred to as well."""
    if isinstance(part, list):
        return [found for value in part for found in _defaults(document, value)]
    if not isinstance(part, dict):
        return []
    own = [str(part.get("title", "?"))] if "default" in part else []
    inner = _defaults(document, _at(document, part["$ref"])) if "$ref" in part else []
    return own + inner + [found for value in part.values() for found in _defaults(document, value)]


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in _references(value)]
    return [found for value in part for found in _references(value)] if isinstance(part, list) else []


def _at(document: Any, reference: str) -> Any:
    for name in reference.removeprefix("#/").split("/"):
        document = document.get(name.replace("~1", "/").replace("~0", "~"), {})
    return document or None
