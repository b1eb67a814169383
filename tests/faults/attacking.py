"""Somebody who has every database, the key file and Kafka, and looks for what a member wrote.

Every key that there is, is tried on every stored ciphertext, without regard to what it belongs to: AES-GCM is AES-CTR behind
its tag, and what is associated with it only guards the tag.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from psycopg import sql

from deploy.layout import CHECKOUT
from deploy.roster import services
from shared.store.key_encryption import KeyFile
from shared.store.sealing import NONCE_BYTES

SERVICES = services(CHECKOUT)
TAG_BYTES = 16
FIRST_BLOCK = (2).to_bytes(4, "big")
"""Of a message under GCM with a nonce of 96 bits (NIST SP 800-38D, 7.1)."""

BASE64 = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")
Environment = Mapping[str, str]


def opened_in_stores(environment: Environment, kek: Path, text: str) -> list[str]:
    """Where in any database this text stands in the clear, or comes out by any key."""
    stored = [(place, value) for service in SERVICES for place, value in _stored(environment, service)]
    return found_in(stored, keys_of(environment, kek), text)


async def opened_in_kafka(environment: Environment, kek: Path, text: str) -> list[str]:
    """The same of every record of every topic, read from offset 0."""
    return found_in(await _records(environment["KAFKA_BOOTSTRAP"]), keys_of(environment, kek), text)


def found_in(stored: Iterable[tuple[str, bytes]], keys: Iterable[bytes], text: str) -> list[str]:
    sought, tried, found = text.encode(), list(keys), []
    for place, value in stored:
        for part in _parts(value):
            if sought in part:
                found.append(f"{place}, in the clear")
            if not part.isascii():  # which no ciphertext of this length is by chance
                found += [f"{place}, by a key" for key in tried if sought in _deciphered(key, part)]
    return found


def keys_of(environment: Environment, kek: Path) -> set[bytes]:
    """What the key file holds, and every key that it unwraps: of members, of pseudonyms, of purposes."""
    master, keys = KeyFile(kek), {base64.b64decode(line) for line in kek.read_text().split()}
    for service in SERVICES:
        with psycopg.connect(environment[f"{service.upper()}_DATABASE_URL"]) as connection:
            for table, owner in (("member_keys", "member"), ("data_keys", "name")):
                wrapped = connection.execute(f"SELECT {owner}, kek_id, wrapped FROM {table}".encode()).fetchall()
                keys |= {master.unwrap(id_, bytes(one), f"{service}/{table}/{of}") for of, id_, one in wrapped}
    return keys


def _parts(value: bytes) -> Iterator[bytes]:
    """As it is, and what stands in it in base 64."""
    yield value
    for match in BASE64.finditer(value):
        with suppress(ValueError):
            yield base64.b64decode(match.group())


def _deciphered(key: bytes, sealed: bytes) -> bytes:
    if len(sealed) <= NONCE_BYTES + TAG_BYTES:
        return b""
    decryptor = Cipher(AES(key), CTR(sealed[:NONCE_BYTES] + FIRST_BLOCK)).decryptor()
    return decryptor.update(sealed[NONCE_BYTES:-TAG_BYTES])


def _stored(environment: Environment, service: str) -> Iterator[tuple[str, bytes]]:
    """Every value of every column of every table."""
    with psycopg.connect(environment[f"{service.upper()}_DATABASE_URL"]) as connection:
        columns = connection.execute(
            "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c JOIN information_schema.tables t"
            " USING (table_schema, table_name) WHERE table_schema = 'public' AND t.table_type = 'BASE TABLE'"
        ).fetchall()
        for table, column, type_ in columns:
            form = "{}" if type_ == "bytea" else "convert_to({}::text, 'UTF8')"
            query = sql.SQL("SELECT " + form + " FROM {}").format(sql.Identifier(column), sql.Identifier(table))
            for (value,) in connection.execute(query):
                if value is not None:
                    yield f"{service}.{table}.{column}", bytes(value)


async def _records(bootstrap: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        topics = [topic for topic in await consumer.topics() if topic.endswith(".events")]
        metadata = await consumer._client.fetch_all_metadata()
        places = [TopicPartition(topic, one) for topic in topics for one in metadata.partitions_for_topic(topic) or ()]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                for one in records:
                    parts = [one.key, one.value, *(value for _, value in one.headers)]
                    found += [(place.topic, part) for part in parts if part]
    return found
