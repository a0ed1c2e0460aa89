"""The stand-in's statements find their rows by an index, bounded."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

import pytest

from db import search_standin
from db.criteria import HistoryCriteria, PatientCriteria
from db.pool import Database
from db.search_standin import CANDIDATES, Branch, Sought, find_concepts, find_events, find_patients
from tests.databases import seeded
from tests.seed import HEAVY

SIZE = 21


@pytest.fixture(scope="session")
def large_url(postgres_url: str) -> Iterator[str]:
    """The records of tests/seed.py, read only."""
    import asyncio

    with asyncio.Runner() as runner:
        held = seeded(postgres_url)
        yield runner.run(held.__aenter__())
        runner.run(held.__aexit__(None, None, None))


@pytest.fixture
async def explained(large_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Database, list[Any]]]:
    """A database whose stand-in statements come out as plans, in the list."""
    plans: list[Any] = []

    async def explain(database: Database, statement: Any, values: Any) -> list[Any]:
        async with database.connection() as connection, connection.transaction(readonly=True):
            await connection.execute(search_standin._SETTINGS)
            text = f"explain (analyze, buffers, timing off, format json) {statement.text}"
            plans.append(json.loads(await connection.fetchval(text, *statement.arguments(values)))[0]["Plan"])
        return []

    monkeypatch.setattr(search_standin, "_run", explain)
    database = await Database.connect(large_url, size=1)
    yield database, plans
    await database.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def indexes(plan: dict[str, Any]) -> set[str]:
    types = {node["Node Type"] for node in nodes(plan)}
    assert "Seq Scan" not in types, plan
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}


@pytest.mark.parametrize("alike", [False, True])
@pytest.mark.parametrize(
    "sought",
    [
        [Sought("garcia", "garcia")],
        [Sought("ga", "ga")],
        [Sought("jose", "jose"), Sought("garcia", "garcia")],
        [Sought("mrn17", "mrn17")],
    ],
    ids=lambda sought: " ".join(part.word for part in sought),
)
async def test_patients_by_trigrams(explained: tuple[Database, list[Any]], sought: list[Sought], alike: bool) -> None:
    database, plans = explained
    await find_patients(database, sought, PatientCriteria(), alike=alike)
    assert "patients_search_text" in indexes(plans[0])
    assert plans[0]["Actual Rows"] <= CANDIDATES


async def test_patients_by_birth_date(explained: tuple[Database, list[Any]]) -> None:
    database, plans = explained
    born = Sought("1980", "1980", date(1980, 1, 1), date(1981, 1, 1))
    await find_patients(database, [born], PatientCriteria(), alike=True)
    assert indexes(plans[0]) == {"patients_search_text", "patients_birth_date"}


async def test_concepts_by_trigrams(explained: tuple[Database, list[Any]]) -> None:
    database, plans = explained
    await find_concepts(database, [Sought("observation", "observation"), Sought("dis", "dis")])
    assert indexes(plans[0]) == {"concepts_search_text"}


async def test_events_of_a_patient_by_code(explained: tuple[Database, list[Any]]) -> None:
    database, plans = explained
    branches = [Branch(10, f"OBSERVATION-{number}") for number in range(20)]
    await find_events(database, branches, HEAVY, HistoryCriteria(), SIZE)
    assert indexes(plans[0]) == {"events_patient_code"}
    assert plans[0]["Shared Hit Blocks"] + plans[0]["Shared Read Blocks"] < 10 * len(branches) * SIZE


async def test_events_of_all_by_code(explained: tuple[Database, list[Any]]) -> None:
    database, plans = explained
    branches = [Branch(10, f"OBSERVATION-{number}") for number in range(20)]
    await find_events(database, branches, None, HistoryCriteria(), SIZE)
    assert indexes(plans[0]) == {"events_code"}
    assert plans[0]["Shared Hit Blocks"] + plans[0]["Shared Read Blocks"] < 10 * len(branches) * SIZE


async def test_settings_do_not_outlive_the_search(large_url: str) -> None:
    database = await Database.connect(large_url, size=1)
    await find_patients(database, [Sought("garcia", "garcia")], PatientCriteria(), alike=True)
    async with database.connection() as connection:
        assert await connection.fetchval("select current_setting('statement_timeout')") == "5500ms"
        assert await connection.fetchval("select current_setting('enable_seqscan')") == "on"
    await database.close()
