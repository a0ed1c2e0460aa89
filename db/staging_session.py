"""One import's session with the database.

The lock ends with the session, however it ends, and the next session begins by dropping what the last one may have
left: an import that is killed is simply repeated.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from db.errors import DatabaseError, DatabaseUnavailable
from db.pool import Statement
from db.staging import SCHEMA, Fault, Stage, name_imaging
from db.tables import metadata

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

# Any constant will do: it keeps two imports into one database from running at once.
_LOCK = 0x616E616E
# A killed import's session ends when its last statement does.
_LOCK_SECONDS = 10.0
_CONNECT_SECONDS = 10.0
_CLOSE_SECONDS = 3.0
# One COPY or one batch takes a second or so; a server that needs this long is not going to answer.
_STATEMENT_SECONDS = 300.0
# Passes over a whole staging table: minutes for tens of millions of rows.
_PASS_SECONDS = 3_600.0
_REPEATS = 1_000
# Batches that are merged at the same time, each on a connection of its own: a batch is bound by one core of the server.
MERGERS = 2
# A batch looks up its own rows' keys, however large the tables have grown: planned by cost, it would scan them.
_BY_KEY = {"enable_hashjoin": "off", "enable_mergejoin": "off"}


async def _locked(connection: "Connection") -> bool:
    for _ in range(int(_LOCK_SECONDS * 5)):
        if await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
            return True
        await asyncio.sleep(0.2)
    return False


class Staging:
    """One import's session with the database."""

    def __init__(self, connection: "Connection", mergers: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._connection = connection
        self._mergers = mergers

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator["Staging | None"]:
        """The session, or None while another one is open.

        Raises DatabaseUnavailable when the server does not answer, or stops to, DatabaseError when it refuses.
        """
        settings = {"application_name": "anamnesis import", "timezone": "UTC", "jit": "off", "work_mem": "64MB"}
        try:
            connection = await asyncpg.connect(
                url, timeout=_CONNECT_SECONDS, command_timeout=_STATEMENT_SECONDS, server_settings=settings
            )
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            raise DatabaseUnavailable(f"PostgreSQL does not answer ({type(error).__name__})") from error
        mergers = asyncpg.create_pool(
            url,
            min_size=0,
            max_size=MERGERS,
            timeout=_CONNECT_SECONDS,
            command_timeout=_STATEMENT_SECONDS,
            server_settings={**settings, **_BY_KEY},
        )
        try:
            await mergers
            if not await _locked(connection):
                yield None
                return
            await connection.execute(f"drop schema if exists {SCHEMA} cascade; create schema {SCHEMA}")
            yield cls(connection, mergers)
            await connection.execute(f"drop schema {SCHEMA} cascade")
        except (
            OSError,
            TimeoutError,
            asyncpg.InterfaceError,
            # asyncpg's word for a connection that was lost in the middle of a COPY.
            asyncpg.InternalClientError,
            asyncpg.PostgresConnectionError,
        ) as error:
            raise DatabaseUnavailable("the connection to PostgreSQL broke: repeat the import") from error
        except asyncpg.OperatorInterventionError as error:
            raise DatabaseUnavailable("PostgreSQL ended the import: repeat it") from error
        except asyncpg.UndefinedTableError as error:
            raise DatabaseError("the database has no tables of this release: run `anamnesis migrate`") from error
        except asyncpg.PostgresError as error:
            # Its own text may quote a row.
            raise DatabaseError(f"PostgreSQL refused the import ({type(error).__name__})") from error
        finally:
            # A batch that was cancelled is still giving its connection back.
            with suppress(OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await mergers.close()
            mergers.terminate()
            connection.terminate()

    async def create(self, stage: Stage) -> None:
        await self._run(stage.create)

    async def copy(self, stage: Stage, rows: bytes) -> None:
        """Appends rows, as encode() returns them."""
        await self._connection.copy_to_table(
            stage.table.name,
            schema_name=SCHEMA,
            source=BytesIO(rows),
            columns=stage.columns,
            format="text",
            null="",
            encoding="utf-8",
            timeout=_STATEMENT_SECONDS,
        )

    async def settle(self, stage: Stage) -> None:
        """After the last row was copied."""
        await self._run(stage.index)
        await self._connection.execute(f"analyze {SCHEMA}.{stage.table.name} (line, id)", timeout=_PASS_SECONDS)

    async def name_imaging(self, imaging: Stage, procedures: Stage) -> None:
        await self._run(name_imaging(imaging, procedures))

    @asynccontextmanager
    async def repeats(self, stage: Stage) -> AsyncIterator[AsyncIterator[list[asyncpg.Record]]]:
        """Pages of the rows whose id another row has too; what the block changes is committed at its end."""
        statement = stage.repeats

        async def pages(cursor: asyncpg.cursor.Cursor) -> AsyncIterator[list[asyncpg.Record]]:
            while page := await cursor.fetch(_REPEATS, timeout=_PASS_SECONDS):
                yield page

        async with self._connection.transaction():
            yield pages(await self._connection.cursor(statement.text, timeout=_PASS_SECONDS))

    async def renumber(self, stage: Stage, ids: Sequence[tuple[int, str]]) -> None:
        """Gives staged lines new ids."""
        statement = stage.renumber
        arguments = [statement.arguments({"at_line": line, "new_id": UUID(new_id)}) for line, new_id in ids]
        await self._connection.executemany(statement.text, arguments, timeout=_STATEMENT_SECONDS)

    async def drop(self, stage: Stage, lines: Sequence[int]) -> None:
        """Takes lines out of the import."""
        statement = stage.drop
        await self._mergers.execute(statement.text, lines)

    async def faults(self, stage: Stage, first: int, end: int) -> list[tuple[int, Fault]]:
        """The lines from `first` to before `end` that cannot be merged, and why."""
        statement = stage.faults
        if statement is None:
            return []
        arguments = statement.arguments({"first": first, "end": end})
        return [(line, Fault(fault)) for line, fault in await self._mergers.fetch(statement.text, *arguments)]

    async def merge(self, stage: Stage, first: int, end: int) -> tuple[list[UUID], list[UUID]]:
        """Merges the lines from `first` to before `end` in one transaction.

        Returns the ids that were inserted and those that were updated.
        """
        statement = stage.merge
        merged = await self._mergers.fetch(statement.text, *statement.arguments({"first": first, "end": end}))
        inserted = [row["id"] for row in merged if row["inserted"]]
        return inserted, [row["id"] for row in merged if not row["inserted"]]

    async def analyze(self) -> None:
        """Tells the planner what the tables hold now."""
        names = ", ".join(name for name in metadata.tables)
        await self._connection.execute(f"analyze {names}", timeout=_PASS_SECONDS)

    async def _run(self, statement: Statement) -> None:
        await self._connection.execute(statement.text, timeout=_PASS_SECONDS)
