"""The index holds what the database holds: after writes, during a rebuild, after it."""

import asyncio

import asyncpg
import pytest
from elasticsearch import AsyncElasticsearch

from db.pool import Database
from db.search import alone
from search.errors import RebuildRunning
from search.indexer import Indexer
from search.indices import HISTORY_INDEX, PATIENT_INDEX, Index
from search.service import SearchService
from search.types import HistoryCriteria, PatientCriteria
from tests.integration.search.conftest import Place
from tests.integration.search.records import ID, add_patient, event, person


@pytest.fixture
def indexer(own: Place, own_database: Database, own_client: AsyncElasticsearch) -> Indexer:
    return Indexer(own_client, own_database, own.prefix)


@pytest.fixture
def service(own: Place, own_database: Database, own_client: AsyncElasticsearch) -> SearchService:
    return SearchService(own_client, own_database, own.prefix)


async def indices(own: Place, client: AsyncElasticsearch) -> list[str]:
    return sorted(await client.indices.get(index=f"{own.prefix}-*"))


async def test_rebuild_says_how_far_it_is(indexer: Indexer) -> None:
    said: list[tuple[str, int, int]] = []
    await indexer.rebuild(lambda *progress: said.append(progress))
    assert ("patients", 0, 40) in said
    assert ("patients", 40, 40) in said
    assert said[-1] == ("history", 475, 475)


async def test_first_write_builds_the_whole_index(indexer: Indexer, service: SearchService) -> None:
    await indexer.index_patients([ID["garcia"]])
    page = await service.search_patients("oneill", PatientCriteria(), 5)
    assert not page.degraded
    assert [hit.id for hit in page.hits] == [ID["oneill"]]


async def test_ensure_builds_what_is_missing_and_leaves_the_rest(
    own: Place, indexer: Indexer, own_client: AsyncElasticsearch
) -> None:
    await indexer.index_patients([ID["garcia"]])
    before = await indices(own, own_client)
    await indexer.ensure_indices()
    after = await indices(own, own_client)
    assert len(before) == 1
    assert len(after) == 2
    assert set(before) < set(after)


async def test_changes_and_deletions_follow(own: Place, indexer: Indexer, service: SearchService) -> None:
    await indexer.rebuild()
    connection = await asyncpg.connect(own.url)
    await connection.execute("update patients set family_name = 'Zebrowski' where id = $1", ID["garcia"])
    await connection.execute("delete from patients where id = $1", ID["oneill"])
    await connection.execute("update events set retracted = true where id = $1", event(100))
    first = await service.search_history("metformin", person(8), HistoryCriteria(), 50)
    await connection.execute("update events set display = 'Metformin' where id = $1", event(98))
    await connection.close()
    await indexer.index_patients([ID["garcia"], ID["oneill"]])
    await indexer.index_events([event(100), event(98)])
    found = await service.search_patients("zebrowski", PatientCriteria(), 5)
    assert [hit.id for hit in found.hits] == [ID["garcia"]]
    assert (await service.search_patients("oneill", PatientCriteria(), 5)).hits == ()
    now = await service.search_history("metformin", person(8), HistoryCriteria(), 50)
    assert {hit.id for hit in now.hits} == ({hit.id for hit in first.hits} | {event(98)}) - {event(100)}


async def test_an_older_read_never_wins(
    own: Place, indexer: Indexer, service: SearchService, own_database: Database, own_client: AsyncElasticsearch
) -> None:
    from search import bulk

    await indexer.rebuild()
    old = await PATIENT_INDEX.source.rows(own_database, [ID["garcia"]])
    connection = await asyncpg.connect(own.url)
    await connection.execute("update patients set family_name = 'Zebrowski' where id = $1", ID["garcia"])
    await indexer.index_patients([ID["garcia"]])
    await connection.execute("delete from patients where id = $1", ID["oneill"])
    gone = await PATIENT_INDEX.source.rows(own_database, [ID["swap"]])
    await indexer.index_patients([ID["oneill"]])
    await connection.close()
    target = f"{own.prefix}-patients"
    await bulk.write(own_client, target, bulk.lines(PATIENT_INDEX, old))
    late = gone._replace(rows=[row._replace(id=ID["oneill"]) for row in gone.rows])
    await bulk.write(own_client, target, bulk.lines(PATIENT_INDEX, late))
    await own_client.indices.refresh(index=target)
    found = await service.search_patients("zebrowski", PatientCriteria(), 5)
    assert [hit.id for hit in found.hits] == [ID["garcia"]]
    assert ID["oneill"] not in {hit.id for hit in (await service.search_patients("kunde", PatientCriteria(), 5)).hits}


async def test_rebuild_with_no_downtime_and_nothing_lost(
    own: Place, indexer: Indexer, service: SearchService, own_client: AsyncElasticsearch
) -> None:
    await indexer.rebuild()
    before = await indices(own, own_client)
    ended = asyncio.Event()
    answers = 0

    async def read() -> None:
        nonlocal answers
        while not ended.is_set():
            page = await service.search_patients("garcia jose", PatientCriteria(), 5)
            assert not page.degraded
            assert [hit.id for hit in page.hits] == [ID["garcia"]]
            answers += 1

    async def write() -> int:
        connection = await asyncpg.connect(own.url)
        number = 0
        while not ended.is_set():
            added = await add_patient(connection, 5_000 + number, f"Written{number}")
            await indexer.index_patients([added])
            number += 1
        await connection.close()
        return number

    reader, writer = asyncio.create_task(read()), asyncio.create_task(write())
    for _ in range(2):
        await indexer.rebuild()
    ended.set()
    await reader
    written = await writer
    after = await indices(own, own_client)
    assert len(after) == len(before) == 2
    assert not set(before) & set(after)
    assert answers > 10
    assert written > 4
    page = await service.search_patients("written", PatientCriteria(), 100)
    assert page.total == written


async def test_one_rebuild_at_a_time(own: Place, indexer: Indexer, own_database: Database) -> None:
    async with alone(own_database, f"rebuild of {own.prefix}-patients") as granted:
        assert granted
        with pytest.raises(RebuildRunning):
            await indexer.rebuild()
    await indexer.rebuild()


async def test_a_rebuild_that_was_cut_short_leaves_nothing_behind(
    own: Place, indexer: Indexer, service: SearchService, own_client: AsyncElasticsearch
) -> None:
    await indexer.rebuild()

    def stop(_index: str, done: int, _total: int) -> None:
        if done:
            raise InterruptedError

    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever ends it
        await indexer.rebuild(stop)
    unfinished = await Index(own_client, own.prefix, PATIENT_INDEX).targets()
    assert len(unfinished) == 2
    await indexer.index_patients([ID["garcia"]])
    assert not (await service.search_patients("garcia", PatientCriteria(), 5)).degraded
    await indexer.rebuild()
    assert len(await indices(own, own_client)) == 2
    assert await Index(own_client, own.prefix, PATIENT_INDEX).targets() == [f"{own.prefix}-patients"]
    assert await Index(own_client, own.prefix, HISTORY_INDEX).targets() == [f"{own.prefix}-history"]


async def test_the_index_says_as_of_when_it_is(
    indexer: Indexer, service: SearchService, own_client: AsyncElasticsearch, own: Place, own_database: Database
) -> None:
    await indexer.rebuild()
    first = (await service.search_patients("garcia", PatientCriteria(), 5)).indexed_as_of
    assert first is not None
    await indexer.index_patients([ID["garcia"]])
    again = SearchService(own_client, own_database, own.prefix)
    second = (await again.search_patients("garcia", PatientCriteria(), 5)).indexed_as_of
    assert second is not None
    assert second > first
