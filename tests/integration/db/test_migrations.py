"""The migrations build what db/tables.py declares, and take it away again."""

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from db.migrate import migrate, newest_revision
from db.tables import metadata
from tests.databases import fresh

_OBJECTS = """
    select 'column ' || table_name || '.' || column_name as name,
        concat_ws(' ', data_type, is_nullable, column_default, generation_expression, collation_name) as said
    from information_schema.columns where table_schema = 'public' and table_name <> 'alembic_version'
    union all
    select 'index ' || indexname, indexdef from pg_indexes
    where schemaname = 'public' and tablename <> 'alembic_version'
    union all
    select 'constraint ' || conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
    from pg_constraint where connamespace = 'public'::regnamespace and conrelid::regclass::text <> 'alembic_version'
"""


async def objects(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url)
    try:
        return {row["name"]: row["said"] for row in await connection.fetch(_OBJECTS)}
    finally:
        await connection.close()


async def functions(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "select proname from pg_proc p where pronamespace = 'public'::regnamespace and not exists"
            " (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')"
        )
        return {row[0] for row in rows}
    finally:
        await connection.close()


async def test_migrations_build_what_the_tables_declare(postgres_url: str) -> None:
    async with fresh(postgres_url) as migrated, fresh(postgres_url) as declared:
        await migrate(migrated)
        connection = await asyncpg.connect(migrated)
        fold = await connection.fetchval("select pg_get_functiondef('fold'::regproc)")
        await connection.close()
        engine = create_async_engine(make_url(declared).set(drivername="postgresql+asyncpg"))
        async with engine.begin() as building:
            await building.exec_driver_sql("create extension pg_trgm")
            await building.exec_driver_sql(fold)
            await building.run_sync(metadata.create_all)
        await engine.dispose()
        assert await objects(migrated) == await objects(declared)


async def test_migrating_again_changes_nothing(postgres_url: str) -> None:
    async with fresh(postgres_url) as url:
        await migrate(url)
        before = await objects(url)
        await migrate(url)
        assert await objects(url) == before
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("select version_num from alembic_version") == newest_revision()
        await connection.close()


async def test_downgrading_leaves_nothing(postgres_url: str) -> None:
    async with fresh(postgres_url) as url:
        await migrate(url)
        await migrate(url, "base")
        assert await objects(url) == {}
        assert await functions(url) == set()
        await migrate(url)
