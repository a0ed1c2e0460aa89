"""Databases to test on: created by name, copied from a template, dropped."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg

from db.migrate import migrate
from tests.seed import seed


async def _run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def fresh(server_url: str, *, template: str = "template0") -> AsyncIterator[str]:
    """A new database, empty or a copy of another, for as long as the block runs."""
    name = f"test_{uuid4().hex}"
    await _run(server_url, f'create database "{name}" template "{template}"')
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        await _run(server_url, f'drop database "{name}" with (force)')


def name_of(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


@asynccontextmanager
async def seeded(server_url: str) -> AsyncIterator[str]:
    """A migrated database with the records of tests/seed.py."""
    async with fresh(server_url) as url:
        await migrate(url)
        await seed(url)
        yield url
