"""Single rows by a unique key."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar
from uuid import UUID

from db.directory import TABLES_OF_IDS
from db.pool import Database, Statement
from loaders.base import Batches, Loader

KeyT = TypeVar("KeyT")
RowT = TypeVar("RowT")


class RowLoader(Loader[KeyT, RowT | None], Generic[KeyT, RowT]):
    """Rows of one table by a unique column: `parameter` names the statement's array, `key` the row's own key."""

    def __init__(
        self,
        database: Database,
        batches: Batches,
        *,
        statement: Statement,
        parameter: str,
        row: Callable[..., RowT],
        key: Callable[[RowT], KeyT],
    ) -> None:
        super().__init__(database, batches)
        self._statement, self._parameter, self._row, self._key = statement, parameter, row, key

    async def read(self, keys: list[KeyT]) -> Mapping[KeyT, RowT | Exception | None]:
        records = await self._database.fetch(self._statement, {self._parameter: keys})
        rows = [self._row(*record) for record in records]
        return {self._key(row): row for row in rows}

    def missing(self) -> None:
        return None


class TableLoader(Loader[UUID, str | None]):
    """The name of the table that holds an id, for node(id:)."""

    async def read(self, keys: list[UUID]) -> Mapping[UUID, str | Exception | None]:
        return {record[0]: record[1] for record in await self._database.fetch(TABLES_OF_IDS, {"ids": keys})}

    def missing(self) -> None:
        return None
