"""Asks whether something is well, the way its users would; never raises, never waits longer than two seconds."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from deploy.program import Kind

PATIENCE = 2.0  # seconds
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""What answers here speaks plain HTTP. Loading certificates for each question took 20 ms of the core that is starting it."""


def http(url: str) -> str | None:
    """None if /readyz answers 200, else why not."""
    try:  # a proxy has no business on loopback
        answer = httpx.get(f"{url}/readyz", timeout=PATIENCE, trust_env=False, verify=NO_CERTIFICATES)
    except httpx.HTTPError as error:
        return type(error).__name__
    return None if answer.status_code == 200 else f"/readyz {answer.status_code}"


def postgres(url: str) -> str | None:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.Error as error:
        return type(error).__name__
    return None


def kafka(bootstrap: str) -> str | None:
    """Well means that the broker is in its own metadata: only then can a topic be created."""
    with ThreadPoolExecutor(1) as thread:  # the caller may have an event loop running in its own
        return thread.submit(asyncio.run, _kafka(bootstrap)).result()


async def _kafka(bootstrap: str) -> str | None:
    try:
        return None if await asyncio.wait_for(_brokers(bootstrap), PATIENCE) else "no broker"
    except (TimeoutError, OSError, KafkaError) as error:
        return type(error).__name__


async def _brokers(bootstrap: str) -> bool:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # that it isn't there yet is what we ask, not an error
    client = AIOKafkaClient(bootstrap_servers=bootstrap)
    try:
        await client.bootstrap()
        return bool(client.cluster.brokers())
    finally:
        await client.close()


PROBES: dict[Kind, Callable[[str], str | None]] = {"http": http, "kafka": kafka, "postgres": postgres}
