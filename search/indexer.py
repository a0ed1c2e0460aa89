"""Keeps the indices: rows that changed, or all rows again beside what is there.

Nothing is lost while an index is rebuilt. A writer looks which aliases there are only after its rows have committed.
If it does not see the next index, the rebuild has yet to read its first row, and will see the writer's; if it does, it
writes to both. An alias that disappears in between means that the next index has taken the current one's place: the
writer looks again and repeats itself.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from elasticsearch import AsyncElasticsearch, NotFoundError

from db.pool import Database
from db.search import alone
from search import bulk
from search.errors import IndexFailed, RebuildRunning
from search.indices import HISTORY_INDEX, PATIENT_INDEX, Index, Kind

Progress = Callable[[str, int, int], None]
"""Called with the index, the documents written to it so far and those there will be, as far as known."""

_BATCH = 2_000
_AT_ONCE = 3
_SWITCHES = 3
_KINDS: tuple[Kind[Any], ...] = (PATIENT_INDEX, HISTORY_INDEX)
_FIRST = UUID(int=0)


class Indexer:
    """Writes the indices of one prefix. All methods raise IndexFailed, DatabaseError and the client's errors."""

    def __init__(self, client: AsyncElasticsearch, database: Database, prefix: str) -> None:
        self._client = client
        self._database = database
        self._prefix = prefix

    async def index_patients(self, ids: Iterable[UUID]) -> None:
        """Brings the documents of these patients, and no others, up to date. Call it after the write committed."""
        await self._follow(PATIENT_INDEX, ids)

    async def index_events(self, ids: Iterable[UUID]) -> None:
        """Brings the documents of these events up to date. Call it after the write committed."""
        await self._follow(HISTORY_INDEX, ids)

    async def ensure_indices(self) -> None:
        """Builds what is not there. Raises RebuildRunning when another process does."""
        for kind in _KINDS:
            index = Index(self._client, self._prefix, kind)
            if index.alias not in await index.targets():
                await self._rebuild(kind, None)

    async def rebuild(self, progress: Progress | None = None) -> None:
        """Builds both indices anew; searches and writes go on meanwhile. Raises RebuildRunning."""
        for kind in _KINDS:
            await self._rebuild(kind, progress)

    async def _follow(self, kind: Kind[Any], ids: Iterable[UUID]) -> None:
        index = Index(self._client, self._prefix, kind)
        version = 0
        for batch in bulk.batches(ids, _BATCH):
            written = await self._write(kind, index, batch)
            if written is None:
                return
            version = written
        if version and index.alias in await index.targets():
            # Should the index give way to the next one meanwhile: that one was refreshed, and says itself as of when.
            with suppress(NotFoundError):
                await index.refresh()
                await index.note(version, index.alias)

    async def _write(self, kind: Kind[Any], index: Index, ids: list[UUID]) -> int | None:
        """Writes the rows as they are now and returns their version; None when that took building the index."""
        for _ in range(_SWITCHES):
            targets = await index.targets()
            if not targets:
                # An index of a few rows would pass for complete, so the first write of all writes all there are.
                # Should another process be about to, it has not read its first row yet: there is no target.
                with suppress(RebuildRunning):
                    await self._rebuild(kind, None)
                return None
            snapshot = await kind.source.rows(self._database, ids)
            prepared = bulk.lines(kind, snapshot)
            with suppress(bulk.TargetGone):
                for target in targets:
                    await bulk.write(self._client, target, prepared)
                return snapshot.version
        raise IndexFailed({"the index changes too often"})

    async def _rebuild(self, kind: Kind[Any], progress: Progress | None) -> None:
        index = Index(self._client, self._prefix, kind)
        async with alone(self._database, f"rebuild of {index.alias}") as granted:
            if not granted:
                raise RebuildRunning
            await index.create_next()
            as_of, total = await kind.source.count(self._database)
            await self._fill(kind, index, lambda done: progress and progress(kind.name, done, max(done, total)))
            await index.switch(as_of)

    async def _fill(self, kind: Kind[Any], index: Index, report: Callable[[int], Any]) -> None:
        """Writes all rows, a few batches at a time while the next are read."""
        done, last = 0, _FIRST
        writing: set[asyncio.Task[None]] = set()
        report(0)
        try:
            while True:
                snapshot = await kind.source.after(self._database, last, _BATCH)
                if not snapshot.rows:
                    break
                last = snapshot.rows[-1].id
                if len(writing) == _AT_ONCE:
                    finished, writing = await asyncio.wait(writing, return_when=asyncio.FIRST_COMPLETED)
                    for task in finished:
                        task.result()
                prepared = bulk.lines(kind, snapshot)
                writing.add(asyncio.create_task(bulk.write(self._client, index.next, prepared)))
                done += len(snapshot.rows)
                report(done)
            await asyncio.gather(*writing)
        finally:
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)
