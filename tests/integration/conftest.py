import asyncio
from collections.abc import Iterator

import pytest

from tests.databases import seeded


@pytest.fixture(scope="session")
def seeded_url(postgres_url: str) -> Iterator[str]:
    """Many records, read by all tests and written by none."""
    with asyncio.Runner() as runner:
        records = seeded(postgres_url)
        url = runner.run(records.__aenter__())
        yield url
        runner.run(records.__aexit__(None, None, None))
