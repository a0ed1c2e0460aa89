"""Keeps the indices up to date behind a writer of many rows, and finds out when that was cut short.

Rows commit first and are indexed afterwards, and a repeated import tells only what it changed. So an index is marked
as behind before the first row is written, and the mark goes when all were indexed. A mark that is found was left by a
writer that was killed: only a rebuild finds what it did not index.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from uuid import UUID, uuid4

from elastic_transport import TransportError
from elasticsearch import ApiError

from db.errors import DatabaseError
from search.errors import SearchError
from search.indexer import Indexer, Progress

TROUBLE = (ApiError, TransportError, SearchError, DatabaseError)
"""What the indexer raises when a server is away or refuses."""


class Follower:
    """Gives up at the first failure, for the records matter more, and makes up for it at the end."""

    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self._incomplete = False
        self._wrote = False
        self._as_of = {"patients": 0, "events": 0}

    async def begin(self) -> None:
        """Before the first row is written."""
        try:
            self._incomplete = await self._indexer.mark_behind(uuid4().hex)
        except TROUBLE:
            self._incomplete = True

    async def follow(self, table: str, ids: Sequence[UUID]) -> None:
        """After the rows were committed."""
        self._wrote = True
        if self._incomplete:
            return
        try:
            if table == "patients":
                self._as_of[table] = await self._indexer.index_patients(ids)
            elif table == "events":
                self._as_of[table] = await self._indexer.index_events(ids)
        except TROUBLE:
            self._incomplete = True

    async def finish(self, progress: Progress | None = None) -> None:
        """After the last row: rebuilds if rows may be missing. When it raises, as the indexer does, it is behind."""
        if self._incomplete:
            await self._indexer.rebuild(progress)
        await self._indexer.mark_complete(self._as_of["patients"], self._as_of["events"])

    async def abandon(self) -> None:
        """Instead of finish: the writer failed before it wrote."""
        if not (self._wrote or self._incomplete):
            with suppress(*TROUBLE):
                await self._indexer.mark_complete(0, 0)


@asynccontextmanager
async def following(indexer: Indexer) -> AsyncIterator[Follower]:
    """Behind one writer at a time: raises FollowRunning, and DatabaseError."""
    async with indexer.only_follower():
        follower = Follower(indexer)
        await follower.begin()
        yield follower
