from collections.abc import AsyncIterator

import pytest

from db.pool import Database


@pytest.fixture
async def records(seeded_url: str) -> AsyncIterator[Database]:
    database = await Database.connect(seeded_url, size=2)
    yield database
    await database.close()
