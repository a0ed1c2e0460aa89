"""Brings a database to the schema of this release."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from db.tables import metadata

# Any constant will do: it keeps two migrations of one database from running at once.
_LOCK = 0x616E616D


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def newest_revision() -> str:
    """The revision that this release needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101 - the first migration is part of the release
    return head


async def migrate(database_url: str, revision: str = "head") -> None:
    """Upgrades (or, for an older `revision`, downgrades) the database, waiting for another migration to end first."""
    # asyncpg reads the URL itself, as the pool does: SQLAlchemy knows fewer of its options.
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(database_url, timeout=10)
    )

    def run(connection: Connection) -> None:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config = _config()
        config.attributes["connection"] = connection
        config.attributes["metadata"] = metadata
        if revision == "head":
            command.upgrade(config, revision)
        else:
            command.downgrade(config, revision)

    try:
        async with asyncio.timeout(600), engine.begin() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()
