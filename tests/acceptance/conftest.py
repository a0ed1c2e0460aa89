"""A gateway as an operator runs it: the sample imported and indexed, served by a process of its own."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from db.migrate import migrate
from ingest.synthea import import_synthea
from tests.databases import fresh

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "examples" / "sample" / "synthea-110.tar.zst"
_PROGRAM = Path(sys.executable).with_name("anamnesis")
_READY_SECONDS = 60


@pytest.fixture(scope="session")
def sample_url(postgres_url: str) -> Iterator[str]:
    """A database with the records of the sample; read by many tests, written by none."""
    with asyncio.Runner() as runner:
        database = fresh(postgres_url)
        url = runner.run(database.__aenter__())
        runner.run(migrate(url))
        report = runner.run(import_synthea(url, SAMPLE))
        assert report.rejected_total == 0
        yield url
        runner.run(database.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def gateway_url(
    sample_url: str, redis_url: str, elasticsearch_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Where the gateway answers, without a slash at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANAMNESIS_")} | {
        "ANAMNESIS_DATABASE_URL": sample_url,
        "ANAMNESIS_REDIS_URL": redis_url,
        "ANAMNESIS_ELASTICSEARCH_URL": elasticsearch_url,
        "ANAMNESIS_SEARCH_PREFIX": "acceptance",
        "ANAMNESIS_CURSOR_KEY": "acceptance tests have no secrets to keep",
        "ANAMNESIS_PORT": str(port),
    }
    subprocess.run([_PROGRAM, "search", "rebuild"], env=environment, check=True, timeout=240, capture_output=True)
    log = tmp_path_factory.mktemp("gateway") / "log"
    with log.open("wb") as output:
        server = subprocess.Popen([_PROGRAM, "serve"], env=environment, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"
    try:
        began = time.monotonic()
        while not _ready(url):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() - began < _READY_SECONDS, log.read_text()
            time.sleep(0.05)
        yield url
    finally:
        server.terminate()
        server.wait(30)
    assert "INTERNAL" not in log.read_text(), log.read_text()


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
