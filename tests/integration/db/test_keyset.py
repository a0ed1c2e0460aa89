"""Every list, under every filter, is what the record holds in the order that is promised: paged either way, counted."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import keyset
from db.criteria import EncounterCriteria, HistoryCriteria, PatientCriteria
from db.encounters import encounters_of_patient, plan_encounters
from db.errors import FilterTooBroad
from db.history import events_of_encounter, history_of_patient, plan_encounter_events, plan_history
from db.keyset import Item, Listing, Page, Plan
from db.kinds import ENDING_KINDS, KINDS
from db.migrate import migrate
from db.patients import plan_patients
from db.pool import Database
from tests.databases import fresh

START = datetime(2020, 1, 1, tzinfo=UTC)
CLASSES = ("AMBULATORY", "EMERGENCY", "WELLNESS")
CODES = ("a", "b", "c", "d")
STATES = ("Maine", "Vermont")
CITIES = ("Salem", "Lynn", "Barre")
NAMES = ("García", "garcia", "Garner", "Müller", "Ng", "O'Neill", "Ørsted", "")

instants = st.integers(-2, 12).map(lambda days: START + timedelta(days=days))
spans = st.tuples(st.none() | instants, st.none() | instants)


def several(*values: Any) -> st.SearchStrategy[tuple[Any, ...] | None]:
    return st.none() | st.lists(st.sampled_from(values), max_size=3, unique=True).map(tuple)


def uid(number: int) -> UUID:
    return UUID(int=number, version=4)


CLINICS = tuple(uid(900 + n) for n in range(3))
DOCTORS = tuple(uid(950 + n) for n in range(3))


async def fill(url: str) -> None:
    """A small record with many ties: equal instants, equal names, missing dates."""
    pick = random.Random(7)
    connection = await asyncpg.connect(url)
    patients = [
        (
            uid(n), pick.choice(("Ana", "Zoë", "Ana")), pick.choice(NAMES), pick.choice(("MALE", "FEMALE")),
            pick.random() < 0.3, pick.choice([*STATES, None]), pick.choice(CITIES),
            pick.choice([None, date(1990, 1, 1), date(1990, 1, 1), date(1991, 5, 5), date(2000, 2, 29)]),
        )
        for n in range(1, 41)
    ]  # fmt: skip
    encounters = []
    for n in range(60):
        start = START + timedelta(days=pick.randrange(8))
        end = None if pick.random() < 0.3 else start + timedelta(hours=1)
        place = (pick.choice(CLINICS), pick.choice([*DOCTORS, None]))
        owner = uid(pick.choice((1, 2, 3, 4)))
        encounters.append((uid(1000 + n), owner, pick.choice(CLASSES), "s", "t", start, end, *place))
    events = []
    for n in range(400):
        kind, start = pick.choice(KINDS), START + timedelta(days=pick.randrange(8))
        end = start if kind in ENDING_KINDS and pick.random() < 0.6 else None
        where = pick.choice([encounter for encounter in encounters if encounter[1] == uid(1)])[0]
        owner = uid(pick.choice((1, 1, 1, 2)))
        events.append(
            (uid(5000 + n), owner, where if owner == uid(1) else None, kind, "s", pick.choice(CODES), start, end,
             pick.random() < 0.1)
        )  # fmt: skip
    try:
        await connection.executemany("insert into organizations values ($1, 'x')", [(clinic,) for clinic in CLINICS])
        await connection.executemany("insert into practitioners values ($1, 'x')", [(doctor,) for doctor in DOCTORS])
        await connection.executemany(
            "insert into patients (id, given_name, family_name, sex, deceased, state, city, birth_date)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8)", patients,
        )  # fmt: skip
        await connection.executemany(
            "insert into encounters (id, patient_id, class, type_system, type_code, started_at, ended_at,"
            " organization_id, practitioner_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", encounters,
        )  # fmt: skip
        await connection.executemany(
            "insert into events (id, patient_id, encounter_id, kind, code_system, code, recorded_at, ended_at,"
            " retracted) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", events,
        )  # fmt: skip
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def small_url(postgres_url: str) -> Iterator[str]:
    with asyncio.Runner() as runner:
        database = fresh(postgres_url)
        url = runner.run(database.__aenter__())
        runner.run(migrate(url))
        runner.run(fill(url))
        yield url
        runner.run(database.__aexit__(None, None, None))


@pytest.fixture
async def database(small_url: str) -> AsyncIterator[Database]:
    database = await Database.connect(small_url, size=2)
    yield database
    await database.close()


async def rows_of(database: Database, table: str) -> list[asyncpg.Record]:
    async with database.connection() as connection:
        return list(await connection.fetch(f"select * from {table}"))


async def walk(
    database: Database, listing: Listing[Any], owner: Any, plan: Plan, values: dict[str, Any], size: int, backward: bool
) -> list[Any]:
    """All ids of a list, page by page from one of its ends."""
    found: list[Item[Any]] = []
    while True:
        edge = (found[0] if backward else found[-1]).position if found else None
        page = Page(size, after=None if backward else edge, before=edge if backward else None, backward=backward)
        pages = await listing.pages(database, [owner], plan, values, page)
        if owner not in pages and not (listing.owner is None and None in pages):
            return [item.row.id for item in found]
        part = pages[owner if listing.owner else None]
        assert len(part.items) <= size
        found = [*part.items, *found] if backward else [*found, *part.items]
        if not part.more:
            return [item.row.id for item in found]


async def assert_list(
    database: Database,
    listing: Listing[Any],
    owner: Any,
    planned: tuple[Plan, dict[str, Any]],
    expected: list[Any],
    size: int,
) -> None:
    plan, values = planned
    assert await walk(database, listing, owner, plan, values, size, False) == expected
    assert await walk(database, listing, owner, plan, values, size, True) == expected
    counts = await listing.counts(database, [owner], plan, values)
    assert counts.get(owner if listing.owner else None, 0) == len(expected)


def within(value: datetime, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or value >= start) and (end is None or value < end)


properties: Callable[[Any], Any] = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@properties
@given(
    kinds=several(*KINDS), codes=several(*CODES, "unknown"), span=spans, active=st.none() | st.booleans(),
    size=st.integers(1, 9), of_encounter=st.booleans(),
)  # fmt: skip
async def test_history(
    database: Database, kinds: Any, codes: Any, span: Any, active: bool | None, size: int, of_encounter: bool
) -> None:
    rows = [row for row in await rows_of(database, "events") if row["patient_id"] == uid(1) and not row["retracted"]]
    owner = rows[0]["encounter_id"] if of_encounter else uid(1)
    matching = [
        row
        for row in rows
        if (not of_encounter or row["encounter_id"] == owner)
        and (kinds is None or row["kind"] in kinds)
        and (codes is None or row["code"] in codes)
        and within(row["recorded_at"], *span)
        and (active is None or (row["kind"] in ENDING_KINDS and (row["ended_at"] is None) == active))
    ]
    expected = [row["id"] for row in sorted(matching, key=lambda row: (row["recorded_at"], row["id"]), reverse=True)]
    criteria = HistoryCriteria(kinds, codes, *span, active)
    listing = events_of_encounter if of_encounter else history_of_patient
    planned = plan_encounter_events(criteria) if of_encounter else plan_history(criteria)
    await assert_list(database, listing, owner, planned, expected, size)


@properties
@given(
    classes=several(*CLASSES), clinics=several(*CLINICS), doctors=several(*DOCTORS), span=spans,
    is_open=st.none() | st.booleans(), size=st.integers(1, 9),
)  # fmt: skip
async def test_encounters(
    database: Database, classes: Any, clinics: Any, doctors: Any, span: Any, is_open: bool | None, size: int
) -> None:
    matching = [
        row
        for row in await rows_of(database, "encounters")
        if row["patient_id"] == uid(1)
        and (classes is None or row["class"] in classes)
        and (clinics is None or row["organization_id"] in clinics)
        and (doctors is None or row["practitioner_id"] in doctors)
        and within(row["started_at"], *span)
        and (is_open is None or (row["ended_at"] is None) == is_open)
    ]
    expected = [row["id"] for row in sorted(matching, key=lambda row: (row["started_at"], row["id"]), reverse=True)]
    criteria = EncounterCriteria(classes, *span, clinics, doctors, is_open)
    await assert_list(database, encounters_of_patient, uid(1), plan_encounters(criteria), expected, size)


@properties
@given(
    order=st.sampled_from(("NAME", "BIRTH_DATE", "LAST_ENCOUNTER")),
    states=several(*STATES), cities=several(*CITIES), sexes=several("MALE", "FEMALE", "OTHER"),
    born=st.none() | st.sampled_from((date(1990, 1, 1), date(1991, 1, 1))),
    until=st.none() | st.sampled_from((date(1991, 5, 5), date(9999, 12, 30), date.max)),
    prefix=st.none() | st.sampled_from(("gar", "GARC", "ØR", "mu", "")), deceased=st.none() | st.booleans(),
    size=st.integers(1, 9),
)  # fmt: skip
async def test_patients(
    database: Database,
    order: str,
    states: Any,
    cities: Any,
    sexes: Any,
    born: Any,
    until: Any,
    prefix: Any,
    deceased: Any,
    size: int,
) -> None:
    criteria = PatientCriteria(states, cities, sexes, born, until, prefix, deceased)
    try:
        listing, plan, values = plan_patients(criteria, order)
    except FilterTooBroad:
        return  # which pairs are served has a test of its own
    folds = {"gar": "gar", "GARC": "garc", "ØR": "ør", "mu": "mu", "": ""}
    seen = {row["patient_id"]: row["last_encounter_at"] for row in await rows_of(database, "patient_activity")}
    matching = [
        row
        for row in await rows_of(database, "patients")
        if (states is None or row["state"] in states)
        and (cities is None or row["city"] in cities)
        and (sexes is None or row["sex"] in sexes)
        and (born is None or (row["birth_date"] is not None and row["birth_date"] >= born))
        and (until is None or (row["birth_date"] is not None and row["birth_date"] < until))
        and (prefix is None or row["family_key"].startswith(folds[prefix]))
        and (deceased is None or row["deceased"] == deceased)
    ]
    keys: dict[str, Callable[[asyncpg.Record], Any]] = {
        "NAME": lambda row: (row["family_key"].encode(), row["given_key"].encode(), row["id"]),
        "BIRTH_DATE": lambda row: (row["birth_date"] is None, row["birth_date"] or date.min, row["id"]),
        "LAST_ENCOUNTER": lambda row: (seen[row["id"]].replace(tzinfo=UTC), row["id"]),
    }
    ordered = sorted(matching, key=keys[order], reverse=order == "LAST_ENCOUNTER")
    await assert_list(database, listing, None, (plan, values), [row["id"] for row in ordered], size)


async def test_a_page_between_two_positions(database: Database) -> None:
    plan, values = plan_history(HistoryCriteria())
    first = (await history_of_patient.pages(database, [uid(1)], plan, values, Page(20)))[uid(1)].items
    between = Page(100, after=first[3].position, before=first[9].position)
    for page in (between, between._replace(backward=True)):
        found = (await history_of_patient.pages(database, [uid(1)], plan, values, page))[uid(1)]
        assert [item.row.id for item in found.items] == [item.row.id for item in first[4:9]]
        assert not found.more


async def test_owners_have_their_own_pages_in_one_statement(database: Database) -> None:
    ran = []
    database.observer = ran.append
    plan, values = plan_history(HistoryCriteria(kinds=("OBSERVATION", "CONDITION")))
    pages = await history_of_patient.pages(database, [uid(1), uid(2), uid(3)], plan, values, Page(5))
    assert set(pages) == {uid(1), uid(2)}
    assert all({item.row.patient_id for item in pages[owner].items} == {owner} for owner in pages)
    assert len(ran) == 1


async def test_an_inclusive_page_holds_its_edges(database: Database) -> None:
    plan, values = plan_history(HistoryCriteria())
    first = (await history_of_patient.pages(database, [uid(1)], plan, values, Page(20)))[uid(1)].items
    page = Page(100, after=first[3].position, before=first[9].position, inclusive=True)
    for asked in (page, page._replace(backward=True)):
        found = (await history_of_patient.pages(database, [uid(1)], plan, values, asked))[uid(1)]
        assert [item.row.id for item in found.items] == [item.row.id for item in first[3:10]]


async def test_a_refinement_that_reads_too_far_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short page would say that there is no more."""
    monkeypatch.setattr(keyset, "REFINE_BOUND", 5)
    plan, values = plan_encounters(EncounterCriteria(classes=("WELLNESS",), open=False))
    pages = await encounters_of_patient.pages(database, [uid(1), uid(2), uid(39)], plan, values, Page(50))
    assert isinstance(pages[uid(1)], FilterTooBroad)
    assert uid(39) not in pages
    full = await encounters_of_patient.pages(database, [uid(1)], plan, values, Page(1))
    assert len(full[uid(1)].items) == 1
