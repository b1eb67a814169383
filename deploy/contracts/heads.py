"""The heads of a service's chain in the AsyncAPI document: no stream reads them, `verify` does."""

from typing import Any

from shared.kafka.heads import type_of
from shared.kafka.topics import partitions_for

Document = dict[str, Any]

BINDING = "0.5.0"
UUID_TEXT = {"type": "string", "format": "uuid"}
TIME_TEXT = {"type": "string", "format": "date-time"}
SUMMARY = "What the stored event with this sequence and all before it come to; at most one a second."


def channel(service: str) -> Document:
    address = f"{service}.heads"
    kept = {"retention.ms": -1, "cleanup.policy": ["delete"]}
    topic = {"topic": address, "partitions": partitions_for(address), "topicConfiguration": kept, "bindingVersion": BINDING}
    messages = {f"{service}.ChainHead": {"$ref": f"#/components/messages/{service}.ChainHead"}}
    return {"address": address, "messages": messages, "bindings": {"kafka": topic}}


def message(service: str) -> Document:
    return {
        "name": type_of(service),
        "title": "ChainHead",
        "summary": SUMMARY,
        "contentType": "application/json",
        "headers": _object(
            {
                "ce_specversion": {"const": "1.0"},
                "ce_id": UUID_TEXT | {"description": "the same whenever the head is told again"},
                "ce_source": {"const": f"/alongside/{service}"},
                "ce_type": {"const": type_of(service)},
                "ce_time": TIME_TEXT,
                "ce_subject": {"const": service},
                "ce_sequence": {"type": "string", "pattern": "^[0-9]+$"},
                "content-type": {"const": "application/json"},
            }
        ),
        "payload": _object(
            {
                "service": {"const": service},
                "sequence": {"type": "integer", "minimum": 1, "description": "of the last event, as its ce_sequence"},
                "hash": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256"},
                "at": TIME_TEXT | {"description": "that event's own time"},
            }
        ),
        "bindings": {"kafka": {"key": {"const": service}, "bindingVersion": BINDING}},
    }


def _object(properties: Document) -> Document:
    return {"type": "object", "properties": properties, "required": list(properties)}
