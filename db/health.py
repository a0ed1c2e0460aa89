"""What a database says of itself, for readiness and for `doctor`."""

import asyncpg
from sqlalchemy import column, select, table, text

from db.pool import Database, Statement

_REVISION = Statement("health_revision", select(column("version_num")).select_from(table("alembic_version")))
_VERSION = Statement("health_version", text("select current_setting('server_version') as version"))


async def revision(database: Database) -> str | None:
    """The revision that the database was migrated to; None before the first migration."""
    try:
        rows = await database.fetch(_REVISION, {})
    except asyncpg.UndefinedTableError:
        return None
    return rows[0]["version_num"] if rows else None


async def server_version(database: Database) -> str:
    """PostgreSQL's version, such as 18.6."""
    rows = await database.fetch(_VERSION, {})
    return str(rows[0]["version"]).partition(" ")[0]
