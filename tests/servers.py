"""Databases for tests on the session's real server."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

_DEADLINE_SECONDS = 30.0


@asynccontextmanager
async def fresh_database(server_url: str) -> AsyncIterator[str]:
    """The URL of a new, empty database on the server of `server_url`; dropped afterwards, open connections or not."""
    name = f"test_{secrets.token_hex(6)}"
    await _run(server_url, f"CREATE DATABASE {name}")
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        await _run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def _run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url, timeout=_DEADLINE_SECONDS)
    try:
        await connection.execute(statement, timeout=_DEADLINE_SECONDS)
    finally:
        await connection.close(timeout=_DEADLINE_SECONDS)
