"""The tables that every service has beside its own."""

from shared.http import idempotency
from shared.kafka import relay_position
from shared.projection import schema
from shared.store import api_keys, encryption, erasures

EVERY_SERVICE = (
    *encryption.SCHEMA,
    *erasures.SCHEMA,
    *idempotency.SCHEMA,
    *api_keys.SCHEMA,
    *relay_position.SCHEMA,
)
WITH_VIEWS = (*EVERY_SERVICE, *schema.SCHEMA)
"""And those of a service that folds what others publish."""
