"""The endpoint on a real server and real sockets: clients that hang up, stall, or come all at once."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import uvicorn

from graph.http import GraphQLEndpoint
from graph.negotiation import GRAPHQL, JSON
from tests.unit.graph.small import Running, schema


@pytest.fixture
def running() -> Running:
    return Running()


@pytest.fixture
async def port(running: Running) -> AsyncIterator[int]:
    endpoint = GraphQLEndpoint(schema, running.begin, seconds=2.0, at_once=3)
    config = uvicorn.Config(endpoint, port=0, http="httptools", ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server._serve())
    await _until(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(1.5):
        while not condition():
            await asyncio.sleep(0.01)


def _request(query: str, length: int | None = None) -> bytes:
    body = json.dumps({"query": query}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nAccept: {GRAPHQL}\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    )
    return head.encode() + body


async def test_a_client_that_hangs_up_cancels_its_execution(port: int, running: Running) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_request("{ wait(seconds: 30) }"))
    await writer.drain()
    await _until(lambda: running.begun == 1)
    writer.close()
    await writer.wait_closed()
    await _until(lambda: (running.cancelled, running.closed) == (1, 1))


async def test_a_client_that_hangs_up_within_its_body_is_forgotten(port: int, running: Running) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_request("{ thing { id } }", length=1_000))
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    await writer.wait_closed()
    async with httpx.AsyncClient() as client:
        response = await client.post(f"http://127.0.0.1:{port}/graphql", json={"query": "{ thing { id } }"})
    assert response.status_code == 200
    assert running.begun == 1


async def test_a_body_that_never_ends_is_given_up(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_request("{ thing { id } }", length=1_000))
    await writer.drain()
    async with asyncio.timeout(4):
        head = await reader.readuntil(b"\r\n\r\n")
    assert b" 400 " in head
    writer.close()
    await writer.wait_closed()


async def test_an_announced_body_that_is_too_large_is_not_read(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_request("{ thing { id } }", length=10**12))
    await writer.drain()
    async with asyncio.timeout(1):
        head = await reader.readuntil(b"\r\n\r\n")
    assert b" 413 " in head
    writer.close()
    await writer.wait_closed()


async def test_a_crowd_is_turned_away_and_may_come_back(port: int, running: Running) -> None:
    async with httpx.AsyncClient(timeout=10) as client:

        async def ask() -> httpx.Response:
            body = {"query": "{ wait(seconds: 1) }"}
            return await client.post(f"http://127.0.0.1:{port}/graphql", json=body, headers={"Accept": GRAPHQL})

        responses = await asyncio.gather(*(ask() for _ in range(12)))
        statuses = sorted(response.status_code for response in responses)
        assert statuses == [200] * 3 + [503] * 9
        refused = next(response for response in responses if response.status_code == 503)
        assert refused.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        assert refused.json()["errors"][0]["extensions"]["retryable"] is True
        assert (await ask()).status_code == 200
    assert running.begun == running.closed == 4


async def test_a_connection_is_kept_after_a_refusal(port: int) -> None:
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=1)) as client:
        for query, status in (("{", 400), ("{ missing }", 400), ("{ thing { id } }", 200)):
            response = await client.post(
                f"http://127.0.0.1:{port}/graphql", json={"query": query}, headers={"Accept": GRAPHQL}
            )
            assert response.status_code == status
