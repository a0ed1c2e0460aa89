from collections.abc import AsyncIterator

import pytest

from db.pool import Database
from graph.context import Services
from graph.cursors import Cursors
from search.service import SearchService


@pytest.fixture
async def services(seeded_url: str) -> AsyncIterator[Services]:
    database = await Database.connect(seeded_url, size=4)
    yield Services(database, SearchService(None, database, "unused"), Cursors("x" * 32))
    await database.close()
