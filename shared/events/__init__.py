"""The public contracts, one file a publisher. Reading this page is reading what travels through Kafka."""

from shared.events import alerts, checkins, evaluation, recognition, support
from shared.events.contract import Code, PublicEvent, UnknownEventType, all_events, event_names, read_event

__all__ = [
    "Code",
    "PublicEvent",
    "UnknownEventType",
    "alerts",
    "all_events",
    "checkins",
    "evaluation",
    "event_names",
    "read_event",
    "recognition",
    "support",
]
