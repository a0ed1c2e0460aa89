import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from db.migrate import migrate
from ingest.report import ImportReport
from ingest.synthea import import_synthea
from tests import synthea
from tests.databases import fresh, name_of
from tests.integration.ingest import exports


@pytest.fixture(scope="session")
def migrated_url(postgres_url: str) -> Iterator[str]:
    """A database without rows, to copy."""
    with asyncio.Runner() as runner:
        empty = fresh(postgres_url)
        url = runner.run(empty.__aenter__())
        runner.run(migrate(url))
        yield url
        runner.run(empty.__aexit__(None, None, None))


@pytest.fixture
async def migrated(postgres_url: str, migrated_url: str) -> AsyncIterator[str]:
    async with fresh(postgres_url, template=name_of(migrated_url)) as url:
        yield url


@pytest.fixture(scope="session")
def imported(postgres_url: str, migrated_url: str) -> Iterator[tuple[str, ImportReport]]:
    """The whole sample, imported once, and what the import said; read by many tests, written by none."""
    with asyncio.Runner() as runner:
        copy = fresh(postgres_url, template=name_of(migrated_url))
        url = runner.run(copy.__aenter__())
        yield url, runner.run(import_synthea(url, synthea.SAMPLE))
        runner.run(copy.__aexit__(None, None, None))


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A folder with some patients of the sample."""
    return exports.write(tmp_path / "export", exports.some())
