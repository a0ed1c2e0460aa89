"""Pages follow one another without a gap or a repeat, also while the index changes."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from elasticsearch import AsyncElasticsearch

from db.pool import Database
from search.indexer import Indexer
from search.service import SearchService
from search.types import HistoryCriteria, Hit, PatientCriteria
from tests.integration.search.conftest import Place
from tests.integration.search.records import add_patient


async def patient_pages(service: SearchService, query: str, size: int) -> AsyncIterator[list[Hit]]:
    after = None
    while True:
        page = await service.search_patients(query, PatientCriteria(), size, after)
        yield list(page.hits)
        if not page.has_next:
            return
        after = page.hits[-1].after


@pytest.mark.parametrize("which", ["elastic", "standin"])
@pytest.mark.parametrize("size", [1, 7, 100])
async def test_pages_are_the_list_cut(services: dict[str, SearchService], which: str, size: int) -> None:
    whole = (await services[which].search_patients("smith", PatientCriteria(), 100)).hits
    cut = [hit async for page in patient_pages(services[which], "smith", size) for hit in page]
    assert len(whole) > 50
    assert cut == list(whole)


@pytest.mark.parametrize("which", ["elastic", "standin"])
async def test_history_pages_are_the_list_cut(services: dict[str, SearchService], which: str) -> None:
    cut: list[Hit] = []
    after = None
    while True:
        page = await services[which].search_history("disorder", None, HistoryCriteria(), 100, after)
        cut += page.hits
        if not page.has_next:
            break
        after = page.hits[-1].after
    assert len(cut) == len({hit.id for hit in cut}) > 1_000
    assert cut == sorted(cut, key=lambda hit: (hit.score, hit.after[1], str(hit.id)), reverse=True)


async def test_a_page_may_be_turned_on_the_other(elastic: SearchService, standin: SearchService) -> None:
    first = await elastic.search_patients("smith", PatientCriteria(), 10)
    here = await elastic.search_patients("smith", PatientCriteria(), 10, first.hits[-1].after)
    there = await standin.search_patients("smith", PatientCriteria(), 10, first.hits[-1].after)
    assert here.hits == there.hits
    one = await elastic.search_history("disorder", None, HistoryCriteria(), 10)
    here = await elastic.search_history("disorder", None, HistoryCriteria(), 10, one.hits[-1].after)
    there = await standin.search_history("disorder", None, HistoryCriteria(), 10, one.hits[-1].after)
    assert here.hits == there.hits


async def test_pages_hold_while_the_index_grows(
    own: Place, own_database: Database, own_client: AsyncElasticsearch
) -> None:
    indexer = Indexer(own_client, own_database, own.prefix)
    service = SearchService(own_client, own_database, own.prefix)
    await indexer.rebuild()
    before = (await service.search_patients("smith", PatientCriteria(), 100)).hits
    connection = await asyncpg.connect(own.url)
    seen: list[Hit] = []
    number = 1_000
    async for page in patient_pages(service, "smith", 2):
        seen += page
        # Better and worse ones than those of the page; some come in front of it, some behind.
        added = [
            await add_patient(connection, number + offset, name) for offset, name in enumerate(("Smith", "Smithy"))
        ]
        await indexer.index_patients(added)
        number += 2
    await connection.close()
    assert len(seen) == len(set(seen))
    assert [hit for hit in seen if hit in set(before)] == list(before)
    assert len(seen) > len(before)


@pytest.mark.parametrize("which", ["elastic", "standin"])
async def test_an_empty_page_still_counts(services: dict[str, SearchService], which: str) -> None:
    page = await services[which].search_patients("smith", PatientCriteria(), 0)
    assert (page.hits, page.has_next, page.total_is_exact) == ((), True, True)
    assert page.total is not None
    assert page.total > 50
