"""The rows that search indexes: by their ids, or all of a table page by page, each read with the time it is from."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    Table,
    bindparam,
    cast,
    column,
    extract,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy import UUID as UUID_TYPE

from db.errors import DatabaseUnavailable
from db.pool import Database, Statement
from db.tables import events, patients

RowT = TypeVar("RowT")


class PatientText(NamedTuple):
    """What is searched of a patient."""

    id: UUID
    mrn: str | None
    given_name: str | None
    middle_name: str | None
    family_name: str | None
    maiden_name: str | None
    birth_date: date | None
    deceased: bool
    sex: str
    city: str | None
    state: str | None


class EventText(NamedTuple):
    """What is searched of an event."""

    id: UUID
    patient_id: UUID
    kind: str
    code: str
    display: str | None
    recorded_at: datetime
    ended_at: datetime | None
    reason_display: str | None
    value_number: float | None
    value_unit: str | None
    value_display: str | None
    value_text: str | None
    reactions: list[dict[str, str | None]] | None
    modality_display: str | None
    body_site_display: str | None


class Snapshot(NamedTuple, Generic[RowT]):
    """Rows as they were at `version`, microseconds since 1970 by the database's clock, and ids that have no row.

    The clock is read before the rows are: whoever reads after a write has committed gets a version above the time of
    the commit, and any read with a later version has seen that write too.
    """

    version: int
    rows: list[RowT]
    missing: list[UUID]


# The time at which the statement arrived: the snapshot it reads is taken later.
_VERSION = cast(extract("epoch", func.statement_timestamp()) * literal_column("1000000"), BigInteger).label("version")


@dataclass(frozen=True, eq=False)
class Source(Generic[RowT]):
    """A table as search reads it."""

    name: str
    row: Callable[..., RowT]
    by_ids: Statement
    page: Statement
    size: Statement

    async def rows(self, database: Database, ids: Sequence[UUID]) -> Snapshot[RowT]:
        """The rows of these ids, of which there is at least one."""
        records = await database.fetch(self.by_ids, {"ids": ids})
        rows = [self.row(*record[2:]) for record in records if record[2] is not None]
        return Snapshot(records[0][0], rows, [record[1] for record in records if record[2] is None])

    async def after(self, database: Database, last: UUID, size: int) -> Snapshot[RowT]:
        """The next rows in the order of their ids; none at the end, and then without a version."""
        records = await database.fetch(self.page, {"last": last, "size": size})
        return Snapshot(records[0][0] if records else 0, [self.row(*record[1:]) for record in records], [])

    async def count(self, database: Database) -> tuple[int, int]:
        """The version now, and how many rows there are to index."""
        record = (await database.fetch(self.size, {}))[0]
        return record[0], record[1]


def _source(table: Table, row: Callable[..., RowT], names: Sequence[str], shown: ColumnElement[bool]) -> Source[RowT]:
    columns: list[Column[Any]] = [table.c[name] for name in names]
    asked = func.unnest(bindparam("ids", type_=ARRAY(UUID_TYPE))).table_valued(column("id", UUID_TYPE), name="id")
    asked = asked.render_derived(name="asked")
    return Source(
        name=table.name,
        row=row,
        by_ids=Statement(
            f"{table.name} to index by id",
            select(_VERSION, asked.c.id, *columns).select_from(
                asked.outerjoin(table, (table.c.id == asked.c.id) & shown)
            ),
        ),
        page=Statement(
            f"{table.name} to index",
            select(_VERSION, *columns)
            .where(table.c.id > bindparam("last", type_=UUID_TYPE), shown)
            .order_by(table.c.id)
            .limit(bindparam("size", type_=Integer)),
        ),
        size=Statement(
            f"count of {table.name} to index", select(_VERSION, func.count()).select_from(table).where(shown)
        ),
    )


PATIENTS = _source(patients, PatientText, PatientText._fields, true())
EVENTS = _source(events, EventText, EventText._fields, ~events.c.retracted)

_STILL_SECONDS = 5.0
_LOCK = Statement(
    "search rebuild lock",
    select(func.pg_try_advisory_lock(func.hashtextextended(bindparam("name"), literal_column("0")))),
)
_UNLOCK = Statement(
    "search rebuild unlock",
    select(func.pg_advisory_unlock(func.hashtextextended(bindparam("name"), literal_column("0")))),
)


@asynccontextmanager
async def alone(database: Database, name: str) -> AsyncIterator[Callable[[], Awaitable[None]] | None]:
    """None when another process is in a block of the same name on this database.

    Takes one connection for as long. The server gives the name free when the connection ends, however it ends: what is
    yielded raises DatabaseUnavailable if that has happened.
    """
    async with database.connection() as connection:
        locked: bool = await connection.fetchval(_LOCK.text, name)

        async def still() -> None:
            try:
                await connection.execute("select", timeout=_STILL_SECONDS)
            except asyncpg.InterfaceError as error:
                # What the pool makes of a connection that the server ended.
                raise DatabaseUnavailable("the connection to PostgreSQL broke") from error

        try:
            yield still if locked else None
        finally:
            if locked:
                with suppress(asyncpg.InterfaceError):
                    await connection.fetchval(_UNLOCK.text, name)
