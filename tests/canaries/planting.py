"""A leak in each kind of place, as it would look there; all are taken away again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psycopg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.structs import OffsetAndMetadata
from psycopg import sql

from tests.canaries.databases import APART
from tests.canaries.kafka import administering
from tests.canaries.scene import Scene

TOPIC = "planted"
KEPT = ("received_headers", "received_bodies", "error_bodies", "written_answers", "answer_headers", "others_reads", "printed")


@contextmanager
def planted(scene: Scene) -> Iterator[None]:
    with ExitStack() as stack:
        for plant in (_kept, _page, _process, _files, _logs, _rows, _records):
            stack.enter_context(plant(scene))
        yield


@contextmanager
def _kept(scene: Scene) -> Iterator[None]:
    for name in KEPT:
        getattr(scene, name).append(("planted", scene.canaries.word(name).encode()))
    yield


@contextmanager
def _page(scene: Scene) -> Iterator[None]:
    word = scene.canaries.word("a page").encode()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(word)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = Thread(target=server.serve_forever)
    thread.start()
    scene.urls.append(f"http://127.0.0.1:{server.server_port}")
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _process(scene: Scene) -> Iterator[None]:
    command = [sys.executable, "-c", "input()", scene.canaries.word("a command line")]
    environment = {**os.environ, "PLANTED": scene.canaries.word("an environment")}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)
    scene.pids.append(process.pid)
    try:
        yield
    finally:
        process.communicate(b"\n")


@contextmanager
def _files(scene: Scene) -> Iterator[None]:
    state = scene.stack.layout.state
    (state / "tmp").mkdir(exist_ok=True)
    files = [state / "run" / "planted.pid", state / "supervisor" / "planted", state / "planted", state / "tmp" / "planted"]
    for file in files:
        file.write_text(scene.canaries.word(str(file)))
    try:
        yield
    finally:
        for file in files:
            file.unlink()


@contextmanager
def _logs(scene: Scene) -> Iterator[None]:
    """At their end, and cut off again only where nothing came after."""
    for name in ("alerts-stream", "kafka", "postgres"):
        _append(scene.stack.layout.log(name), scene.canaries.word(f"log of {name}"))
    yield


def _append(log: Path, word: str) -> None:
    with log.open("a") as file:
        file.write(f'{{"event": "planted", "what": "{word}"}}\n')


@contextmanager
def _rows(scene: Scene) -> Iterator[None]:
    """In a table of each kind, as text, as bytes and within JSON; and in the name of who is connected."""
    url = scene.databases()["alerts"]
    with psycopg.connect(url, autocommit=True, application_name=scene.canaries.word("activity")) as connection:
        tables = [f"planted{ending}" for ending in (*APART, "_elsewhere")]
        for table in tables:
            connection.execute(sql.SQL("CREATE TABLE {} (t text, b bytea, j jsonb)").format(sql.Identifier(table)))
            word = scene.canaries.word
            values = (word(f"{table}, text"), word(f"{table}, bytes").encode(), f'{{"a": ["{word(f"{table}, JSON")}"]}}')
            connection.execute(sql.SQL("INSERT INTO {} VALUES (%s, %s, %s)").format(sql.Identifier(table)), values)
        _checkpoint(scene)
        try:
            yield
        finally:
            for table in tables:
                connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(table)))


def _checkpoint(scene: Scene) -> None:
    admin = next(one.address for one in scene.stack.watched() if one.name == "postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("CHECKPOINT")


@contextmanager
def _records(scene: Scene) -> Iterator[None]:
    bootstrap, word = scene.environment["KAFKA_BOOTSTRAP"], scene.canaries.word
    asyncio.run(_publish(bootstrap, word))
    try:
        yield
    finally:
        asyncio.run(_remove(bootstrap))


async def _publish(bootstrap: str, word: Callable[[str], str]) -> None:
    async with administering(bootstrap) as admin:
        await admin.create_topics([NewTopic(TOPIC, 1, 1)])
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    headers = [("planted", word("a header").encode())]
    await producer.send_and_wait(TOPIC, word("a value").encode(), word("a key").encode(), headers=headers)
    await producer.stop()
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id="planted", enable_auto_commit=False)
    await consumer.start()
    consumer.assign([TopicPartition(TOPIC, 0)])
    await consumer.commit({TopicPartition(TOPIC, 0): OffsetAndMetadata(1, word("an offset's metadata"))})
    await consumer.stop()


async def _remove(bootstrap: str) -> None:
    async with administering(bootstrap) as admin:
        await admin.delete_topics([TOPIC])
