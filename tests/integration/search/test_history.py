"""Events are found by displays, codes and values, of one patient or of all."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from search.service import SearchService
from search.types import HistoryCriteria, SearchPage
from tests.integration.search.conftest import PATIENTS
from tests.integration.search.records import CONCEPTS, START, event_rows, person

ALL = HistoryCriteria()
ROWS = {row[0]: row for row in event_rows(PATIENTS) if not row[8]}
PATIENT = person(7)


def of_code(code: str, patient_id: UUID | None = None) -> set[UUID]:
    return {key for key, row in ROWS.items() if row[4] == code and patient_id in (None, row[1])}


def found(page: SearchPage) -> set[UUID]:
    return {hit.id for hit in page.hits}


QUERIES = [
    ("diabetes", "44054006"),
    ("mellitus diab", "44054006"),
    ("diabetis", "44054006"),
    ("type 2 diabetes", "44054006"),
    ("hypertnesion", "59621000"),
    ("METFORMIN 500", "860975"),
    ("body height", "8302-2"),
    ("8302-2", "8302-2"),
    ("44054006", "44054006"),
    ("height 8302-2", "8302-2"),
    ("influenza, seasonal", "140"),
]


@pytest.mark.parametrize(("query", "code"), QUERIES)
@pytest.mark.parametrize("which", ["elastic", "standin"])
async def test_finds_all_of_a_patient(services: dict[str, SearchService], which: str, query: str, code: str) -> None:
    page = await services[which].search_history(query, PATIENT, ALL, 100)
    assert found(page) == of_code(code, PATIENT)
    assert page.hits


@pytest.mark.parametrize(("query", "code"), QUERIES)
@pytest.mark.parametrize("which", ["elastic", "standin"])
async def test_finds_the_newest_of_all(services: dict[str, SearchService], which: str, query: str, code: str) -> None:
    page = await services[which].search_history(query, None, ALL, 30)
    expected = sorted(of_code(code), key=lambda key: (ROWS[key][6], key), reverse=True)
    assert [hit.id for hit in page.hits] == expected[:30]
    assert page.has_next == (len(expected) > 30)


@pytest.mark.parametrize(
    ("query", "code"),
    [("former smoker", "72166-2"), ("prediabetes", "860975"), ("154 cm", "8302-2"), ("height 154.0", "8302-2")],
)
async def test_elasticsearch_finds_values_and_reasons(elastic: SearchService, query: str, code: str) -> None:
    page = await elastic.search_history(query, None, ALL, 100)
    assert page.hits
    assert found(page) <= of_code(code)
    if "154" in query:
        assert found(page) == {key for key, row in ROWS.items() if row[9] == 154.0}


async def test_a_number_is_found_whole(elastic: SearchService) -> None:
    assert (await elastic.search_history("15 cm", None, ALL, 10)).hits == ()


async def test_retracted_events_are_not_found(elastic: SearchService) -> None:
    totals = [(await elastic.search_history(display, None, ALL, 1)).total for *_, display in CONCEPTS]
    assert totals == [len(of_code(code)) for _, _, code, _ in CONCEPTS]
    assert any(row[8] for row in event_rows(PATIENTS))


FILTERS: list[tuple[HistoryCriteria, Any]] = [
    (HistoryCriteria(kinds=("MEDICATION",)), lambda row: row[2] == "MEDICATION"),
    (HistoryCriteria(kinds=("MEDICATION", "PROCEDURE"), active=True), lambda row: row[7] is None),
    (HistoryCriteria(active=False), lambda row: row[7] is not None),
    (HistoryCriteria(codes=("430193006", "140")), lambda row: row[4] == "430193006"),
    (
        HistoryCriteria(from_=START + timedelta(hours=99, microseconds=1), to=START + timedelta(hours=300)),
        lambda row: START + timedelta(hours=99, microseconds=1) <= row[6] < START + timedelta(hours=300),
    ),
    (HistoryCriteria(kinds=("IMAGING",)), lambda row: False),
]


@pytest.mark.parametrize(("criteria", "permits"), FILTERS, ids=[str(criteria) for criteria, _ in FILTERS])
@pytest.mark.parametrize("which", ["elastic", "standin"])
async def test_filters(services: dict[str, SearchService], which: str, criteria: HistoryCriteria, permits: Any) -> None:
    hits: set[UUID] = set()
    after = None
    while True:
        page = await services[which].search_history("medication", None, criteria, 100, after)
        hits |= found(page)
        if not page.has_next:
            break
        after = page.hits[-1].after
    assert hits == {key for key in of_code("430193006") if permits(ROWS[key])}


@pytest.mark.parametrize("which", ["elastic", "standin"])
async def test_kinds_without_an_end_are_never_active(services: dict[str, SearchService], which: str) -> None:
    for active in (True, False):
        page = await services[which].search_history("influenza", None, HistoryCriteria(active=active), 10)
        assert page.hits == ()


async def test_both_answer_alike(elastic: SearchService, standin: SearchService) -> None:
    for query in ("medication", "disorder", "diabetes", "body height", "seasonal"):
        one = await elastic.search_history(query, PATIENT, ALL, 100)
        other = await standin.search_history(query, PATIENT, ALL, 100)
        assert one.hits
        assert one.hits == other.hits
