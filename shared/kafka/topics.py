"""The topics there are, kept for ever: for each service one of its events, in as many partitions as it was made with, and one
of its chain's heads."""

import asyncio
from collections.abc import Sequence

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.observability import reason

log = structlog.get_logger()

TRY_AGAIN_SECONDS = 1.0
PARTITIONS = 4
EVENTS, HEADS = ".events", ".heads"
REPLICAS = 3
"""Copies of each partition, or as many as there are brokers."""


def heads_beside(topic: str) -> str:
    """Where the heads of the chain go whose events go to this topic."""
    return topic.removesuffix(EVENTS) + HEADS


def partitions_for(topic: str) -> int:
    """Of a topic that is to be made; heads are in the order in which they were told."""
    return 1 if topic.endswith(HEADS) else PARTITIONS


async def ensure_topics(bootstrap: str, topics: list[str]) -> None:
    """Makes the topics that aren't there yet. Raises aiokafka's KafkaError where the broker can't be reached."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        missing = sorted(set(topics) - set(await admin.list_topics()))
        if missing:
            await _create(admin, missing)
    finally:
        await admin.close()


async def partitions_of(bootstrap: str, topic: str) -> list[int]:
    """The partitions that a topic has; none where it isn't there. Raises KafkaError where the broker can't be reached."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        found = await admin.describe_topics()  # asked for by its name, a topic that isn't there would be made
        return sorted(one["partition"] for each in found if each["topic"] == topic for one in each["partitions"])
    finally:
        await admin.close()


async def wait_for_topics(bootstrap: str, topics: Sequence[str]) -> None:
    """Returns once the broker is reached and the topics are there, however long that takes."""
    while True:
        try:
            return await ensure_topics(bootstrap, list(topics))
        except Exception as error:
            log.warning("kafka.not_there", error=type(error).__name__, because=reason(error))
            await asyncio.sleep(TRY_AGAIN_SECONDS)


async def _create(admin: AIOKafkaAdminClient, topics: list[str]) -> None:
    brokers = len((await admin.describe_cluster())["brokers"])
    kept = {"retention.ms": "-1", "cleanup.policy": "delete"}
    new = [NewTopic(topic, partitions_for(topic), min(REPLICAS, brokers), topic_configs=kept) for topic in topics]
    response = await admin.create_topics(new)
    for error in response.topic_errors:
        if error[1] and not issubclass(kind := for_code(error[1]), TopicAlreadyExistsError):
            raise kind(error[0])
