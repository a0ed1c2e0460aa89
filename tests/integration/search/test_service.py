"""Elasticsearch or PostgreSQL: which answers, and what nobody may ask."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from elasticsearch import AsyncElasticsearch

from db.pool import Database
from search.errors import QueryEmpty, QueryTooLong, SearchBusy
from search.indices import SEARCH_SECONDS
from search.service import SearchService
from search.standin import AT_ONCE
from search.types import HistoryCriteria, PatientCriteria, SearchPage
from tests.integration.search.conftest import Place
from tests.integration.search.records import ID

ALL, EVENTS = PatientCriteria(), HistoryCriteria()


@pytest.fixture
async def hanging() -> AsyncIterator[str]:
    """A server that takes requests and never answers."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def test_answers_from_elasticsearch(elastic: SearchService) -> None:
    assert await elastic.ping()
    page = await elastic.search_patients("garcia jose", ALL, 5)
    assert (page.degraded, page.total, page.total_is_exact) == (False, 1, True)
    assert page.indexed_as_of is not None


async def test_no_client_means_the_standin(standin: SearchService) -> None:
    assert not await standin.ping()
    page = await standin.search_patients("garcia jose", ALL, 5)
    assert page.degraded
    assert page.indexed_as_of is None
    assert [hit.id for hit in page.hits] == [ID["garcia"]]


async def test_no_index_means_the_standin(own: Place, own_client: AsyncElasticsearch, own_database: Database) -> None:
    service = SearchService(own_client, own_database, own.prefix)
    assert not await service.ping()
    assert (await service.search_patients("garcia jose", ALL, 5)).degraded
    assert (await service.search_history("diabetes", None, EVENTS, 5)).degraded


async def test_a_server_that_is_gone_means_the_standin(records: Database) -> None:
    async with AsyncElasticsearch("http://127.0.0.1:9", max_retries=0) as client:
        service = SearchService(client, records, "any")
        assert not await service.ping()
        assert (await service.search_patients("garcia jose", ALL, 5)).degraded


async def test_a_server_that_hangs_costs_one_deadline(records: Database, hanging: str) -> None:
    async with AsyncElasticsearch(hanging, max_retries=0) as client:
        service = SearchService(client, records, "any")
        start = time.monotonic()
        assert (await service.search_patients("garcia jose", ALL, 5)).degraded
        first = time.monotonic() - start
        assert SEARCH_SECONDS <= first < 2 * SEARCH_SECONDS
        start = time.monotonic()
        for _ in range(5):
            assert (await service.search_history("diabetes", None, EVENTS, 5)).degraded
        assert time.monotonic() - start < SEARCH_SECONDS


async def test_elasticsearch_is_asked_again_after_a_rest(
    indexed: Place, records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.service._REST_SECONDS", 0.2)
    async with indexed.client() as client:
        service = SearchService(client, records, indexed.prefix)
        monkeypatch.setattr(service, "_patients", "nothing-of-this-name")
        assert (await service.search_patients("garcia", ALL, 5)).degraded
        monkeypatch.undo()
        await asyncio.sleep(0.25)
        assert not (await service.search_patients("garcia", ALL, 5)).degraded


async def test_an_alias_that_is_missing_rests_alone(indexed: Place, records: Database) -> None:
    async with indexed.client() as client:
        service = SearchService(client, records, indexed.prefix)
        service._patients = "nothing-of-this-name"
        assert (await service.search_patients("garcia", ALL, 5)).degraded
        assert service._resting_until.keys() == {"nothing-of-this-name"}
        assert not (await service.search_history("diabetes", None, EVENTS, 5)).degraded


async def test_a_search_that_is_refused_rests_nothing(indexed: Place, records: Database) -> None:
    async with indexed.client() as client:
        service = SearchService(client, records, indexed.prefix)
        bad = await service._ask(service._patients, {"nonsense": {}}, [], 5, None)
        assert bad is None
        assert not (await service.search_patients("garcia", ALL, 5)).degraded


BAD = [
    ("", QueryEmpty),
    (" \t\n ", QueryEmpty),
    ("*:*", QueryEmpty),
    ("\0", QueryEmpty),
    ("\ud800", QueryEmpty),
    ("x" * 10_000, QueryTooLong),
    ("a b c d e f g h i j k", QueryTooLong),
]
ODD = [
    "garcia\0jose",
    "garcia \ud800 jose",
    'garcia" OR 1=1 --',
    "garcia* AND family:(x)",
    "%_\\garcia",
    "' ; drop table patients",
    "../../_all/_search",
    "{{garcia}} ${jose}",
    "٣٤ ١٩٨٠",
    "9999-99-99",
    "9999-12-31",
    "0000-00",
    "9999",
    "0001",
    "x" * 200,
    "́",
    "北京 市",
    "👩‍⚕️ garcia",
    "1e9999 -0.0 NaN",
]


@pytest.mark.parametrize(("query", "error"), BAD, ids=[ascii(query)[:20] for query, _ in BAD])
@pytest.mark.parametrize("which", ["elastic", "standin"])
async def test_refused(services: dict[str, SearchService], which: str, query: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await services[which].search_patients(query, ALL, 5)
    with pytest.raises(error):
        await services[which].search_history(query, None, EVENTS, 5)


@pytest.mark.parametrize("query", ODD, ids=ascii)
@pytest.mark.parametrize("which", ["elastic", "standin"])
async def test_harmless(services: dict[str, SearchService], which: str, query: str) -> None:
    service = services[which]
    asked: list[Callable[[], Awaitable[SearchPage]]] = [
        lambda: service.search_patients(query, ALL, 5),
        lambda: service.search_history(query, None, EVENTS, 5),
    ]
    for ask in asked:
        try:
            page = await ask()
        except QueryEmpty:
            continue
        assert page.degraded == (which == "standin")


async def test_the_standin_takes_few_at_a_time(standin: SearchService) -> None:
    asked = (standin.search_patients("smith", ALL, 5) for _ in range(3 * AT_ONCE))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, SearchBusy)]
    assert len(answers) - len(refused) == AT_ONCE
    assert len(refused) == 2 * AT_ONCE
    assert (await standin.search_patients("smith", ALL, 5)).hits


async def test_the_standin_gives_up_soon(standin: SearchService, monkeypatch: pytest.MonkeyPatch) -> None:
    from db import search_standin

    slow = search_standin._SETTINGS + "; select pg_sleep(5)"
    monkeypatch.setattr(search_standin, "_SETTINGS", slow)
    start = time.monotonic()
    with pytest.raises(SearchBusy):
        await standin.search_patients("smith", ALL, 5)
    assert time.monotonic() - start < 1
