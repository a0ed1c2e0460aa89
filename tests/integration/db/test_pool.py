"""What a reader sees of a server in trouble, and of a fault of ours."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import Integer, bindparam, func, literal_column, select

from db.errors import DatabaseUnavailable, DeadlineExceeded
from db.pool import Database, Statement

SLEEP = Statement("sleep", select(func.pg_sleep(bindparam("seconds", type_=Integer))))
ONE = Statement("one", select(literal_column("1")))


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Database]:
    pool = await Database.connect(database, size=2, seconds=1)
    yield pool
    await pool.close()


async def test_a_connection_that_the_server_ends(pool: Database, database: str) -> None:
    asking = asyncio.ensure_future(pool.fetch(SLEEP, {"seconds": 30}))
    admin = await asyncpg.connect(database)
    try:
        async with asyncio.timeout(5):
            while not await admin.fetchval(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                " where query like '%pg_sleep%' and pid <> pg_backend_pid()"
            ):
                await asyncio.sleep(0.02)
    finally:
        await admin.close()
    with pytest.raises(DatabaseUnavailable):
        await asking
    assert (await pool.fetch(ONE, {}))[0][0] == 1


async def test_a_connection_that_ends_between_two_statements(pool: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with pool.connection() as connection:
            connection.terminate()
            await connection.fetch("select 1")


async def test_a_deadline(pool: Database) -> None:
    with pytest.raises(DeadlineExceeded):
        await pool.fetch(SLEEP, {"seconds": 30})
    assert (await pool.fetch(ONE, {}))[0][0] == 1


async def test_a_fault_of_ours_is_not_the_server(pool: Database) -> None:
    with pytest.raises(asyncpg.InterfaceError):
        async with pool.connection() as connection:
            await connection.fetch("select $1::int")


async def test_nobody_waits_for_a_connection_for_ever(database: str) -> None:
    pool = await Database.connect(database, size=1)
    try:
        async with pool.connection():
            with pytest.raises(DatabaseUnavailable):
                await pool.fetch(ONE, {})
    finally:
        await pool.close()


async def test_a_server_that_is_not_there() -> None:
    with pytest.raises(DatabaseUnavailable):
        await Database.connect("postgresql://nobody@127.0.0.1:9/nothing")
