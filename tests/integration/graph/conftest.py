import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from db.pool import Database
from graph.context import Services
from graph.cursors import Cursors
from search.service import SearchService
from tests.databases import seeded


@pytest.fixture(scope="session")
def seeded_graph_url(postgres_url: str) -> Iterator[str]:
    with asyncio.Runner() as runner:
        records = seeded(postgres_url)
        url = runner.run(records.__aenter__())
        yield url
        runner.run(records.__aexit__(None, None, None))


@pytest.fixture
async def services(seeded_graph_url: str) -> AsyncIterator[Services]:
    database = await Database.connect(seeded_graph_url, size=4)
    yield Services(database, SearchService(None, database, "unused"), Cursors("x" * 32))
    await database.close()
