"""`anamnesis serve` as an operator runs it: a process of its own on real servers."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from db.migrate import migrate

_PROGRAM = Path(sys.executable).with_name("anamnesis")
_READY_SECONDS = 30


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Gateway:
    """A running `anamnesis serve`."""

    def __init__(self, url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.url = url
        self.process = process
        self.log = log

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def _gateway(folder: Path, **settings: str) -> Iterator[Gateway]:
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANAMNESIS_")}
    environment |= {"ANAMNESIS_PORT": str(port), "ANAMNESIS_CURSOR_KEY": "k" * 32} | settings
    log = folder / "gateway.log"
    with log.open("wb") as written:
        process = subprocess.Popen([_PROGRAM, "serve"], env=environment, stdout=written, stderr=written)
    try:
        yield Gateway(f"http://127.0.0.1:{port}", process, log)
    finally:
        process.kill()
        process.wait()


async def _answers(gateway: Gateway, path: str = "/healthz") -> httpx.Response:
    deadline = time.monotonic() + _READY_SECONDS
    async with httpx.AsyncClient(timeout=5) as client:
        while True:
            assert gateway.process.poll() is None, gateway.log.read_text()
            try:
                return await client.get(gateway.url + path)
            except httpx.TransportError:
                assert time.monotonic() < deadline, gateway.log.read_text()
                await asyncio.sleep(0.1)


@pytest.fixture
async def gateway(database: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    await migrate(database)
    with _gateway(
        tmp_path,
        ANAMNESIS_DATABASE_URL=database,
        ANAMNESIS_REDIS_URL=redis_url,
        ANAMNESIS_REQUEST_SECONDS="3",
        ANAMNESIS_LOG_LEVEL="debug",
    ) as started:
        await _answers(started)
        yield started


async def _ask(gateway: Gateway, query: str) -> httpx.Response:
    headers = {"Accept": "application/graphql-response+json"}
    async with httpx.AsyncClient(timeout=10) as client:
        return await client.post(f"{gateway.url}/graphql", json={"query": query}, headers=headers)


async def test_it_serves_and_ends_in_order(gateway: Gateway) -> None:
    assert (await _answers(gateway, "/readyz")).json()["ready"] is True
    response = await _ask(gateway, "{ patients(first: 1) { nodes { id } } }")
    assert response.json() == {"data": {"patients": {"nodes": []}}}
    assert gateway.stop() == 0


async def test_many_probes_at_once_all_hear_that_it_is_ready(gateway: Gateway) -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        answers = await asyncio.gather(*(client.get(f"{gateway.url}/readyz") for _ in range(40)))
    assert {answer.status_code for answer in answers} == {200}


async def test_headers_keep_browsers_and_caches_out(gateway: Gateway) -> None:
    for path in ("/graphql?query={__typename}", "/healthz", "/readyz", "/nothing"):
        response = await _answers(gateway, path)
        assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert "server" not in response.headers


async def test_the_log_holds_no_request(gateway: Gateway) -> None:
    await _answers(gateway, "/graphql?query={patient(mrn:%22Kunde533%22){id}}")
    await _ask(gateway, '{ patient(mrn: "Kunde533") { missing } }')
    await _answers(gateway, "/Kunde533")
    gateway.stop()
    assert "Kunde533" not in gateway.log.read_text()


async def test_paths_outside_the_files_of_the_page_are_not_served(gateway: Gateway) -> None:
    port = int(gateway.url.rpartition(":")[2])
    for path in ("/graphiql/../../settings.py", "/graphiql/%2e%2e/%2e%2e/settings.py", "/graphiql//etc/passwd"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        assert answer.split(b" ")[1] == b"404"
        writer.close()
        await writer.wait_closed()


async def test_a_database_that_goes_away_is_no_500(gateway: Gateway, database: str, postgres_url: str) -> None:
    admin = await asyncpg.connect(postgres_url)
    name = database.rpartition("/")[2]
    try:
        await admin.execute(f'alter database "{name}" with allow_connections false')
        await admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
        assert (await _answers(gateway)).status_code == 200
        ready = await _answers(gateway, "/readyz")
        assert ready.status_code == 503
        assert ready.json()["database"] == "PostgreSQL does not answer"
        response = await _ask(gateway, "{ patients(first: 1) { nodes { id } } }")
        assert response.status_code == 200
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert error["extensions"]["retryable"] is True
        assert name not in response.text
    finally:
        await admin.execute(f'alter database "{name}" with allow_connections true')
        await admin.close()
    response = await _ask(gateway, "{ patients(first: 1) { nodes { id } } }")
    assert response.json() == {"data": {"patients": {"nodes": []}}}


async def _running_statements(database: str) -> int:
    connection = await asyncpg.connect(database)
    try:
        count: int = await connection.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and state = 'active' "
            "and pid <> pg_backend_pid()"
        )
        return count
    finally:
        await connection.close()


@pytest.mark.parametrize("how", ["hang up", "deadline"])
async def test_what_nobody_waits_for_is_cancelled_in_the_database(gateway: Gateway, database: str, how: str) -> None:
    blocker = await asyncpg.connect(database)
    try:
        async with blocker.transaction():
            # Every read of patients now waits, as a slow statement would.
            await blocker.execute("lock table patients in access exclusive mode")
            asking = asyncio.ensure_future(_ask(gateway, "{ patients(first: 1) { nodes { id } } }"))
            deadline = time.monotonic() + 2
            while not await _running_statements(database):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)
            if how == "hang up":
                asking.cancel()
                deadline = time.monotonic() + 1
            else:
                response = await asking
                assert response.status_code in (200, 504)
                assert response.json()["errors"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"
                deadline = time.monotonic() + 1
            while await _running_statements(database):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)
    finally:
        await blocker.close()


async def test_a_database_that_is_not_migrated_is_not_ready(database: str, redis_url: str, tmp_path: Path) -> None:
    with _gateway(tmp_path, ANAMNESIS_DATABASE_URL=database, ANAMNESIS_REDIS_URL=redis_url) as started:
        response = await _answers(started, "/readyz")
        assert response.status_code == 503
        assert "anamnesis migrate" in response.json()["database"]
        assert response.json()["cache"] == "ok"


async def test_without_valkey_it_is_not_ready(database: str, tmp_path: Path) -> None:
    await migrate(database)
    nobody = f"redis://127.0.0.1:{_free_port()}"
    with _gateway(tmp_path, ANAMNESIS_DATABASE_URL=database, ANAMNESIS_REDIS_URL=nobody) as started:
        response = await _answers(started, "/readyz")
        assert response.status_code == 503
        assert response.json()["cache"] == "Valkey does not answer"


async def test_without_a_database_it_does_not_start(redis_url: str, tmp_path: Path) -> None:
    nobody = f"postgresql://reader:hush@127.0.0.1:{_free_port()}/x"
    with _gateway(tmp_path, ANAMNESIS_DATABASE_URL=nobody, ANAMNESIS_REDIS_URL=redis_url) as started:
        assert await asyncio.to_thread(started.process.wait, 20) == 1
        (line,) = started.log.read_text().splitlines()
        assert line.startswith("anamnesis: PostgreSQL does not answer")


async def test_requests_under_way_are_answered_before_it_ends(gateway: Gateway, database: str) -> None:
    blocker = await asyncpg.connect(database)
    try:
        async with blocker.transaction():
            await blocker.execute("lock table patients in access exclusive mode")
            asking = asyncio.ensure_future(_ask(gateway, "{ patients(first: 1) { nodes { id } } }"))
            deadline = time.monotonic() + 2
            while not await _running_statements(database):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)
            gateway.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.3)
        assert (await asking).json() == {"data": {"patients": {"nodes": []}}}
        assert await asyncio.to_thread(gateway.process.wait, 20) == 0
    finally:
        await blocker.close()
