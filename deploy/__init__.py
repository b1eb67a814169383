"""Starts all of Alongside on one machine, without a container.

stack = Stack(root, state)          # two folders; nothing else is touched
environment = stack.up()            # what `.local/env` exports
stack.pid("alerts-stream"), stack.stop("kafka"), stack.start("kafka"), stack.wait_ready(15)
stack.down()

with start_postgres(folder, databases=["checkins"]) as admin_url, start_kafka(folder) as bootstrap: ...
"""

from deploy.failure import CannotStart
from deploy.keys import Keys
from deploy.postgres import database_url
from deploy.readiness import Status
from deploy.single import start_kafka, start_postgres
from deploy.stack import Stack

__all__ = ["CannotStart", "Keys", "Stack", "Status", "database_url", "start_kafka", "start_postgres"]
