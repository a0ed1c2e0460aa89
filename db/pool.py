"""The pool of PostgreSQL connections, and statements as they run on it.

A statement is built once with SQLAlchemy Core, compiled once, and then runs as a prepared statement of asyncpg:
SQLAlchemy's own execution would cost twice the rest of the call.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql.elements import ClauseElement

from db.errors import DatabaseUnavailable, DeadlineExceeded

if TYPE_CHECKING:
    Connection = PoolConnectionProxy[asyncpg.Record]

_DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]
_ACQUIRE_SECONDS = 2.0

# How every connection that serves reads is set up. The planner takes all patients for average: for the few rows of an
# average list it would rather sort than follow the index in order, which reads the whole list of a long one.
READ_SETTINGS = {
    "application_name": "anamnesis",
    "enable_sort": "off",
    "enable_incremental_sort": "off",
    "jit": "off",
    "timezone": "UTC",
}


class Statement:
    """One compiled statement: its text for PostgreSQL and the names of its parameters in order."""

    __slots__ = ("name", "parameters", "text")

    def __init__(self, name: str, query: ClauseElement) -> None:
        compiled = query.compile(dialect=_DIALECT)
        self.name = name
        self.text = str(compiled)
        self.parameters: tuple[str, ...] = tuple(getattr(compiled, "positiontup", None) or ())

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the text's $1, $2, ..."""
        return [values[name] for name in self.parameters]

    def __repr__(self) -> str:
        return f"Statement({self.name})"


class Database:
    """A bounded pool of connections that hold no state between uses."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", *, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds
        self.observer: Callable[[Statement], None] | None = None

    @classmethod
    async def connect(cls, url: str, *, size: int = 16, seconds: float = 5.0) -> Self:
        """Opens the pool.

        `size` is the most connections it holds, `seconds` the most that any statement may run.
        Raises DatabaseUnavailable when the server does not answer within 10 seconds.
        """

        async def prepare(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
            await connection.set_type_codec(
                "jsonb",
                schema="pg_catalog",
                format="binary",
                encoder=lambda value: b"\x01" + orjson.dumps(value),
                decoder=lambda data: orjson.loads(data[1:]),
            )

        async def keep(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
            """Nothing run on these connections sets session state, so there is nothing to reset."""

        try:
            async with asyncio.timeout(10):
                pool = await asyncpg.create_pool(
                    url,
                    min_size=1,
                    max_size=size,
                    init=prepare,
                    reset=keep,
                    statement_cache_size=1000,
                    max_cached_statement_lifetime=0,
                    # The server's own bound is for a cancellation that gets lost.
                    server_settings=READ_SETTINGS | {"statement_timeout": str(int(seconds * 1000) + 500)},
                )
        except (asyncpg.InterfaceError, ValueError):
            # What led to it is dropped: it quotes the address, which may hold a password.
            raise DatabaseUnavailable("the address of PostgreSQL cannot be used: check its parameters") from None
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            raise DatabaseUnavailable(f"PostgreSQL does not answer ({type(error).__name__})") from error
        return cls(pool, seconds=seconds)

    async def close(self) -> None:
        """Closes idle connections at once and busy ones within 5 seconds."""
        try:
            async with asyncio.timeout(5):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> "AsyncIterator[Connection]":
        """One connection, for as long as the block runs; errors of the server come out typed."""
        try:
            connection = await self._pool.acquire(timeout=_ACQUIRE_SECONDS)
        except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as error:
            raise DatabaseUnavailable("no connection to PostgreSQL is free") from error
        except asyncpg.PostgresError as error:
            raise DatabaseUnavailable(f"PostgreSQL refuses ({type(error).__name__})") from error
        try:
            yield connection
        except (asyncpg.QueryCanceledError, TimeoutError) as error:
            raise DeadlineExceeded("a statement ran past its deadline") from error
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError) as error:
            raise DatabaseUnavailable("the connection to PostgreSQL broke") from error
        except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            # Also what asyncpg says of arguments that do not fit, which is a fault of ours and no one else's.
            if not _lost(connection):
                raise
            raise DatabaseUnavailable("the connection to PostgreSQL broke") from error
        finally:
            await self._pool.release(connection, timeout=_ACQUIRE_SECONDS)

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[asyncpg.Record]:
        """Runs a read and returns its rows."""
        if self.observer is not None:
            self.observer(statement)
        arguments = statement.arguments(values)
        async with self.connection() as connection:
            return await connection.fetch(statement.text, *arguments, timeout=self._seconds)


def _lost(connection: "Connection") -> bool:
    """Whether a connection is no more; one that its pool took away from us does not even say so."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True
