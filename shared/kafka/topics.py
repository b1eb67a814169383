"""The topics there are: one for each service, kept for ever, in as many partitions as it was made with."""

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

PARTITIONS = 4


async def ensure_topics(bootstrap: str, topics: list[str]) -> None:
    """Makes the topics that aren't there yet. Raises aiokafka's KafkaError where the broker can't be reached."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        missing = sorted(set(topics) - set(await admin.list_topics()))
        for topic in missing:
            await _create(admin, topic)
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topic: str) -> None:
    new = NewTopic(topic, PARTITIONS, -1, topic_configs={"retention.ms": "-1"})
    try:
        await admin.create_topics([new])
    except TopicAlreadyExistsError:
        return
