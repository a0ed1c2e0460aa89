"""Indices of a session that tests only read, and a place to write for those that do more."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import uuid4

import pytest
from elasticsearch import AsyncElasticsearch

from db.migrate import migrate
from db.pool import Database
from search.indexer import Indexer
from search.service import SearchService
from tests.databases import fresh
from tests.integration.search.records import fill

PATIENTS = 300


class Place(NamedTuple):
    """A database with records, and a prefix for its indices."""

    url: str
    elasticsearch_url: str
    prefix: str

    def client(self) -> AsyncElasticsearch:
        return AsyncElasticsearch(self.elasticsearch_url, max_retries=0, request_timeout=30)


@asynccontextmanager
async def filled(postgres_url: str, elasticsearch_url: str, patients: int) -> AsyncIterator[Place]:
    async with fresh(postgres_url) as url:
        await migrate(url)
        await fill(url, patients)
        place = Place(url, elasticsearch_url, f"t{uuid4().hex[:10]}")
        try:
            yield place
        finally:
            async with place.client() as client:
                found = await client.indices.get(index=f"{place.prefix}-*")
                for name in found:
                    await client.indices.delete(index=name)


@pytest.fixture(scope="session")
def indexed(postgres_url: str, elasticsearch_url: str) -> Iterator[Place]:
    """Read by many tests, written by none."""
    with asyncio.Runner() as runner:
        held = filled(postgres_url, elasticsearch_url, PATIENTS)
        place = runner.run(held.__aenter__())
        runner.run(_rebuild(place))
        yield place
        runner.run(held.__aexit__(None, None, None))


async def _rebuild(place: Place) -> None:
    database = await Database.connect(place.url, size=4)
    async with place.client() as client:
        await Indexer(client, database, place.prefix).rebuild()
    await database.close()


@pytest.fixture
async def own(postgres_url: str, elasticsearch_url: str) -> AsyncIterator[Place]:
    """A few records of this test's own, not indexed yet."""
    async with filled(postgres_url, elasticsearch_url, 40) as place:
        yield place


@pytest.fixture
async def own_database(own: Place) -> AsyncIterator[Database]:
    database = await Database.connect(own.url, size=6)
    yield database
    await database.close()


@pytest.fixture
async def own_client(own: Place) -> AsyncIterator[AsyncElasticsearch]:
    async with own.client() as client:
        yield client


@pytest.fixture
async def records(indexed: Place) -> AsyncIterator[Database]:
    database = await Database.connect(indexed.url, size=8)
    yield database
    await database.close()


@pytest.fixture
async def elastic(indexed: Place, records: Database) -> AsyncIterator[SearchService]:
    """Answers from Elasticsearch."""
    async with indexed.client() as client:
        yield SearchService(client, records, indexed.prefix)


@pytest.fixture
def standin(records: Database) -> SearchService:
    """Answers from PostgreSQL."""
    return SearchService(None, records, "unused")


@pytest.fixture
def services(elastic: SearchService, standin: SearchService) -> dict[str, SearchService]:
    return {"elastic": elastic, "standin": standin}
