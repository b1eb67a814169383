"""What shared/kafka/faust_group.py leans on in Faust, some of it private: an upgrade that changes it is noticed here."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import faust
import pytest
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.transport.drivers.aiokafka import Consumer as AIOKafkaDriver

from shared.kafka import faust_group

ON_REBALANCE = "await app.on_rebalance_complete.send()"


def test_the_version_is_one_whose_source_was_read() -> None:
    assert version("faust-streaming").startswith("0.15."), (
        "read tables/recovery.py and transport/consumer.py again, then this file"
    )


@pytest.mark.parametrize("consumer", [Consumer, AIOKafkaDriver])
def test_the_groups_offset_is_committed_by_a_private_call(consumer: type) -> None:
    parameters = inspect.signature(consumer._commit).parameters  # type: ignore[attr-defined]
    assert list(parameters) == ["self", "offsets"]
    assert inspect.iscoroutinefunction(consumer._commit)  # type: ignore[attr-defined]


def test_the_commit_takes_bare_offsets_by_partition() -> None:
    source = inspect.getsource(AIOKafkaConsumerThread._commit)
    assert "offsets.items()" in source
    assert "await consumer.commit(" in source


def test_partitions_are_claimed_before_faust_seeks_and_resumes() -> None:
    source = inspect.getsource(Recovery._resume_streams)
    claimed, sought, resumed = (source.index(step) for step in (ON_REBALANCE, "perform_seek()", "resume_flow()"))
    assert claimed < sought < resumed


def test_the_only_other_place_that_tells_of_a_rebalance_seeks_after_it_too() -> None:
    source = inspect.getsource(Recovery)
    told = [at for at in range(len(source)) if source.startswith("on_rebalance_complete.send()", at)]
    assert len(told) == 2
    assert all("perform_seek()" in source[at : at + 2_000] for at in told)


def test_a_seek_goes_to_what_was_committed() -> None:
    assert "await self.seek_to_committed()" in inspect.getsource(Consumer.perform_seek)


def test_a_group_is_a_static_member_whose_tables_hold_nothing() -> None:
    async def claim(_: set[tuple[str, int]]) -> dict[tuple[str, int], int]:
        return {}

    async def take(_: object) -> None:
        return None

    app: faust.App = faust_group.new_group("lamps", "lamps-0", "127.0.0.1:1,127.0.0.1:2", ["lamps.events"], claim, take)
    conf = app.conf
    assert [str(url) for url in conf.broker] == ["kafka://127.0.0.1:1", "kafka://127.0.0.1:2"]
    assert conf.consumer_group_instance_id == "lamps-0"
    assert str(conf.store) == "memory:"
    assert (conf.topic_disable_leader, conf.table_standby_replicas, conf.stream_wait_empty) == (True, 0, False)
    assert conf.web_enabled is False
