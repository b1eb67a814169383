from __future__ import annotations

from pathlib import Path

import psycopg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy import database_url, leftovers, single, stack, start_kafka, start_postgres


def test_postgres_alone_keeps_its_data_and_leaves_no_process(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    with start_postgres(folder, databases=["alerts"]) as url, psycopg.connect(database_url(url, "alerts")) as connection:
        connection.execute("CREATE TABLE kept (word text)")
    with start_postgres(folder, databases=["alerts"]) as url, psycopg.connect(database_url(url, "alerts")) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    assert leftovers.find(folder) == []


async def test_kafka_alone_takes_a_topic_as_soon_as_it_is_yielded(tmp_path: Path) -> None:
    with start_kafka(tmp_path / "kafka") as bootstrap:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("checkins.events", 4, 1)])
        assert "checkins.events" in await admin.list_topics()
        await admin.close()
    assert leftovers.find(tmp_path / "kafka") == []


def test_a_whole_system_is_given_as_long_to_start_as_one_part_alone() -> None:
    assert stack.READY_WITHIN >= single.PATIENCE
