"""The index holds what the database holds: after writes, during a rebuild, after it."""

import asyncio

import asyncpg
import pytest
from elasticsearch import AsyncElasticsearch

from db.errors import DatabaseError
from db.pool import Database
from db.search import alone
from search.errors import FollowRunning, RebuildRunning
from search.follower import following
from search.indexer import Indexer
from search.indices import HISTORY_INDEX, PATIENT_INDEX, Index
from search.service import SearchService
from search.types import HistoryCriteria, PatientCriteria
from tests.integration.search.conftest import Place
from tests.integration.search.records import ID, add_patient, event, person


class _Cut(Exception):
    """Ends a writer early."""


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
        assert granted is not None
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


async def test_a_first_build_that_was_cut_short_is_made_good_by_the_next_write(
    indexer: Indexer, service: SearchService, own: Place, own_client: AsyncElasticsearch
) -> None:
    await Index(own_client, own.prefix, PATIENT_INDEX).create_next()
    await indexer.index_patients([ID["garcia"]])
    page = await service.search_patients("oneill", PatientCriteria(), 5)
    assert not page.degraded
    assert [hit.id for hit in page.hits] == [ID["oneill"]]
    assert len(await indices(own, own_client)) == 1


async def test_a_write_during_the_first_build_reaches_the_next_index(
    indexer: Indexer, own: Place, own_database: Database, own_client: AsyncElasticsearch
) -> None:
    index = Index(own_client, own.prefix, PATIENT_INDEX)
    async with alone(own_database, f"rebuild of {index.alias}"):
        await index.create_next()
        await indexer.index_patients([ID["garcia"]])
        await own_client.indices.refresh(index=index.next)
        assert (await own_client.count(index=index.next))["count"] == 1
        assert await index.targets() == [index.next]


async def test_a_rebuild_that_lost_its_lock_does_not_switch(
    own: Place, indexer: Indexer, own_client: AsyncElasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_next = Index.create_next

    async def lose(index: Index) -> str:
        connection = await asyncpg.connect(own.url)
        await connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory'"
            " and database = (select oid from pg_database where datname = current_database())"
        )
        await connection.close()
        return await create_next(index)

    monkeypatch.setattr(Index, "create_next", lose)
    with pytest.raises(DatabaseError):
        await indexer.rebuild()
    index = Index(own_client, own.prefix, PATIENT_INDEX)
    assert await index.targets() == [index.next]
    monkeypatch.undo()
    await indexer.rebuild()
    assert await index.targets() == [index.alias]


async def test_a_writer_that_was_cut_short_leaves_a_mark_that_its_repetition_clears(
    indexer: Indexer, own: Place, own_client: AsyncElasticsearch, service: SearchService
) -> None:
    await indexer.rebuild()
    index = Index(own_client, own.prefix, PATIENT_INDEX)
    before = await index.state()
    assert not before.behind
    with pytest.raises(_Cut):
        async with following(indexer) as follower:
            connection = await asyncpg.connect(own.url)
            await add_patient(connection, 7_000, "Zebrowski")
            await connection.close()
            with pytest.raises(FollowRunning):
                async with following(indexer):
                    pass
            # Others' writes do not say that nothing is missing, and their rebuild cannot know.
            await indexer.index_patients([ID["garcia"]])
            assert (await index.state()).indexed_as_of == before.indexed_as_of
            await indexer.rebuild()
            assert (await index.state()).behind
            raise _Cut
    assert (await index.state()).behind
    async with following(indexer) as follower:
        await follower.finish()
    after = await index.state()
    assert not after.behind
    assert after.indexed_as_of > before.indexed_as_of
    assert (await service.search_patients("zebrowski", PatientCriteria(), 5)).total == 1


async def test_a_rebuild_makes_good_what_a_broken_writer_left(
    indexer: Indexer, own: Place, own_client: AsyncElasticsearch
) -> None:
    with pytest.raises(_Cut):
        async with following(indexer):
            raise _Cut
    await indexer.rebuild()
    for kind in (PATIENT_INDEX, HISTORY_INDEX):
        assert not (await Index(own_client, own.prefix, kind).state()).behind
