"""When a patient was last seen follows every way of writing encounters, concurrent ones too."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest

from db.migrate import migrate
from tests.databases import fresh

PATIENT = UUID(int=1, version=4)
OLD, NEW = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
INSERT = (
    "insert into encounters (id, patient_id, class, type_system, type_code, started_at)"
    " values ($1, $2, 'WELLNESS', 's', 't', $3)"
)
LAST = (
    "select case when last_encounter_at > '-infinity' then last_encounter_at end"
    " from patient_activity where patient_id = $1"
)


@pytest.fixture
async def url(postgres_url: str) -> AsyncIterator[str]:
    async with fresh(postgres_url) as url:
        await migrate(url)
        yield url


@pytest.fixture
async def writer(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    await connection.execute("insert into patients (id, state, sex) values ($1, 'Maine', 'MALE')", PATIENT)
    yield connection
    await connection.close()


async def test_follows_inserts_updates_and_deletes(writer: asyncpg.Connection) -> None:
    first, second = uuid4(), uuid4()
    assert await writer.fetchval(LAST, PATIENT) is None
    await writer.execute(INSERT, first, PATIENT, OLD)
    await writer.execute(INSERT, second, PATIENT, NEW)
    assert await writer.fetchval(LAST, PATIENT) == NEW
    await writer.execute("delete from encounters where id = $1", second)
    assert await writer.fetchval(LAST, PATIENT) == OLD
    await writer.execute("update encounters set started_at = $1", NEW)
    assert await writer.fetchval(LAST, PATIENT) == NEW
    await writer.execute("truncate encounters cascade")
    assert await writer.fetchval(LAST, PATIENT) is None


async def test_an_encounter_that_moves_leaves_its_old_patient(writer: asyncpg.Connection) -> None:
    other = uuid4()
    await writer.execute("insert into patients (id) values ($1)", other)
    await writer.execute(INSERT, uuid4(), PATIENT, NEW)
    await writer.execute("update encounters set patient_id = $1", other)
    assert await writer.fetchval(LAST, PATIENT) is None
    assert await writer.fetchval(LAST, other) == NEW


async def test_follows_what_lists_of_patients_are_narrowed_by(writer: asyncpg.Connection) -> None:
    await writer.execute("update patients set state = 'Ohio', sex = 'FEMALE', deceased = true")
    row = await writer.fetchrow("select state, sex, deceased from patient_activity")
    assert tuple(row) == ("Ohio", "FEMALE", True)


async def test_the_newest_of_two_concurrent_writers_stays(url: str, writer: asyncpg.Connection) -> None:
    """The later commit must not put the older time back."""
    other = await asyncpg.connect(url)
    try:
        async with writer.transaction():
            await writer.execute(INSERT, uuid4(), PATIENT, NEW)
            waiting = asyncio.create_task(other.execute(INSERT, uuid4(), PATIENT, OLD))
            await asyncio.sleep(0.3)
            assert not waiting.done()
        async with asyncio.timeout(5):
            await waiting
        assert await writer.fetchval(LAST, PATIENT) == NEW
    finally:
        await other.close()


async def test_an_event_outlives_its_encounter(writer: asyncpg.Connection) -> None:
    encounter = uuid4()
    await writer.execute(INSERT, encounter, PATIENT, NEW)
    await writer.execute(
        "insert into events (id, patient_id, encounter_id, kind, code_system, code, display, recorded_at)"
        " values ($1, $2, $3, 'CONDITION', 's', 'c', 'Display', $4)",
        uuid4(), PATIENT, encounter, NEW,
    )  # fmt: skip
    await writer.execute("delete from encounters")
    assert await writer.fetchval("select encounter_id from events") is None
    assert await writer.fetchval("select display from concepts where code = 'c'") == "Display"


async def test_a_writer_with_an_old_snapshot_fails_instead_of_putting_it_back(
    url: str, writer: asyncpg.Connection
) -> None:
    await writer.execute(INSERT, uuid4(), PATIENT, NEW)
    other = await asyncpg.connect(url)
    try:
        async with other.transaction(isolation="repeatable_read"):
            await other.fetch("select from patients")
            await writer.execute(INSERT, uuid4(), PATIENT, OLD)
            with pytest.raises(asyncpg.SerializationError):
                await other.execute("delete from encounters where started_at = $1", NEW)
    except asyncpg.InFailedSQLTransactionError:
        pass
    finally:
        await other.close()
    assert await writer.fetchval(LAST, PATIENT) == NEW
