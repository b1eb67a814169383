"""What ingest is held against: FastAPI with the same body model, which produces to Kafka and waits for the acknowledgement.

python -m tests.bench.bare_app BOOTSTRAP TOPIC PORT
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI, Response

from services.checkins.api.bodies import CheckInBody


def new_app(bootstrap: str, topic: str) -> FastAPI:
    producers: list[AIOKafkaProducer] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
            producers.append(producer)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/check-ins", status_code=201)
    async def record(body: CheckInBody) -> Response:
        await producers[0].send_and_wait(topic, body.model_dump_json().encode(), str(body.member).encode())
        return Response(b"{}", 201, media_type="application/json")

    @app.post("/check-ins/batch", status_code=207)
    async def record_batch(bodies: list[CheckInBody]) -> Response:
        sent = [await producers[0].send(topic, body.model_dump_json().encode(), str(body.member).encode()) for body in bodies]
        await asyncio.gather(*sent)
        return Response(b"{}", 207, media_type="application/json")

    return app


if __name__ == "__main__":
    uvicorn.run(new_app(sys.argv[1], sys.argv[2]), host="127.0.0.1", port=int(sys.argv[3]), access_log=False, log_config=None)
