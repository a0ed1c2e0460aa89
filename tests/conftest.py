"""The real servers of the test session. Nothing stands in for them: what is missing fails the tests that need it."""

import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from embedded.parts import Parts
from tests.databases import fresh

# A shell starts its background jobs with Ctrl-C ignored, which the programs that tests interrupt would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """PostgreSQL, Valkey and Elasticsearch, started once a session on data that is thrown away."""
    with Parts.start(tmp_path_factory.mktemp("parts"), fast=True) as started:
        yield started


@pytest.fixture(scope="session")
def postgres_url(parts: Parts) -> str:
    """The server's own database `anamnesis`: empty, and to be left so. Tests that write take `database`."""
    return parts.postgres_url


@pytest.fixture(scope="session")
def redis_url(parts: Parts) -> str:
    return parts.redis_url


@pytest.fixture(scope="session")
def elasticsearch_url(parts: Parts) -> str:
    if parts.elasticsearch_url is None:
        pytest.fail(f"the tests need Elasticsearch: {parts.elasticsearch_missing}", pytrace=False)
    return parts.elasticsearch_url


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[str]:
    """The URL of an empty database of this test's own."""
    async with fresh(postgres_url) as url:
        yield url
