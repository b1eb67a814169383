"""The AsyncAPI 3.0 document of the public events, with the CloudEvents 1.0 Kafka binding's headers (binary mode)."""

from collections.abc import Mapping

from pydantic.json_schema import models_json_schema

from deploy.contracts import heads
from deploy.contracts.heads import BINDING, TIME_TEXT, UUID_TEXT, Document
from shared.events import PublicEvent
from shared.kafka.topics import PARTITIONS

Events = Mapping[str, type[PublicEvent]]


def asyncapi(events: Events) -> Document:
    """The document of these events, by `service.Name`."""
    services = sorted({event.service for event in events.values()})
    payloads, schemas = _schemas(events)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Alongside events",
            "version": "1",
            "description": "What the services publish: opaque ids, numbers and closed categories; no free text, no name.",
        },
        "defaultContentType": "application/json",
        "channels": {f"{service}.events": _channel(service, events) for service in services}
        | {f"{service}.heads": heads.channel(service) for service in services},
        "operations": {f"{service}.publish": _operation(service) for service in services},
        "components": {
            "messages": {name: _message(event, payloads[event]) for name, event in events.items()}
            | {f"{service}.ChainHead": heads.message(service) for service in services},
            "schemas": schemas,
        },
    }


def _schemas(events: Events) -> tuple[dict[type[PublicEvent], Document], Document]:
    wanted = [(event, "serialization") for event in events.values()]
    found, shared = models_json_schema(wanted, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    payloads = {event: found[event, "serialization"] for event in events.values()}
    return payloads, shared["$defs"]


def _channel(service: str, events: Events) -> Document:
    names = [name for name, event in events.items() if event.service == service]
    topic = {"topic": f"{service}.events", "partitions": PARTITIONS, "topicConfiguration": {"retention.ms": -1}}
    return {
        "address": f"{service}.events",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": topic | {"bindingVersion": BINDING}},
    }


def _operation(service: str) -> Document:
    return {"action": "send", "channel": {"$ref": f"#/channels/{service}.events"}}


def _message(event: type[PublicEvent], payload: Document) -> Document:
    summary = {"summary": " ".join(event.__doc__.split())} if event.__doc__ else {}
    return {
        "name": event.type(),
        "title": event.__name__,
        **summary,
        "contentType": "application/json",
        "headers": _headers(event),
        "payload": payload,
        "bindings": {"kafka": {"key": UUID_TEXT | {"description": event.subject_field}, "bindingVersion": BINDING}},
    }


def _headers(event: type[PublicEvent]) -> Document:
    headers: Document = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": UUID_TEXT | {"description": "the same whenever the event is sent again"},
        "ce_source": {"const": f"/alongside/{event.service}"},
        "ce_type": {"const": event.type()},
        "ce_time": TIME_TEXT,
        "ce_subject": UUID_TEXT | {"description": event.subject_field},
        "ce_sequence": {"type": "string", "pattern": "^[0-9]+$", "description": "rises within a service"},
        "content-type": {"const": "application/json"},
    }
    return {"type": "object", "properties": headers, "required": list(headers)}
