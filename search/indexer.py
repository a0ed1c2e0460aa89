"""Keeps the indices: rows that changed, or all rows again beside what is there.

Nothing is lost while an index is rebuilt. A writer looks which aliases there are only after its rows have committed.
If it does not see the next index, the rebuild has yet to read its first row, and will see the writer's; if it does, it
writes to both. An alias that disappears in between means that the next index has taken the current one's place: the
writer looks again and repeats itself.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

from elasticsearch import AsyncElasticsearch, NotFoundError

from db.pool import Database
from db.search import alone
from search import bulk
from search.errors import FollowRunning, IndexFailed, RebuildRunning
from search.indices import HISTORY_INDEX, PATIENT_INDEX, Index, Kind, State

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
        self._follower = f"writes to {prefix}"

    async def index_patients(self, ids: Iterable[UUID]) -> int:
        """Brings the documents of these patients, and no others, up to date. Call it after the write committed.

        Returns the time of the last read, in microseconds since 1970, or 0 when the whole index was built instead.
        """
        return await self._follow(PATIENT_INDEX, ids)

    async def index_events(self, ids: Iterable[UUID]) -> int:
        """Brings the documents of these events up to date, as index_patients does."""
        return await self._follow(HISTORY_INDEX, ids)

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

    @asynccontextmanager
    async def only_follower(self) -> AsyncIterator[None]:
        """Raises FollowRunning when another process is in such a block."""
        async with alone(self._database, self._follower) as granted:
            if granted is None:
                raise FollowRunning
            yield

    async def mark_behind(self, follower: str) -> bool:
        """Builds what is not there, and marks both indices as behind; returns whether one of them was already."""
        # Another process that builds the first index has a next one to be marked.
        with suppress(RebuildRunning):
            await self.ensure_indices()
        was_behind = False
        for kind in _KINDS:
            index = Index(self._client, self._prefix, kind)
            targets = await index.targets()
            if not targets:
                raise RebuildRunning
            for target in targets:
                state = await index.state(target)
                was_behind = was_behind or bool(state.behind)
                await index.note(target, state._replace(behind=follower))
        return was_behind

    async def mark_complete(self, patients: int, events: int) -> None:
        """Takes the marks away, once no row is missing; the numbers are the times of the last reads, 0 for none.

        Only the one follower may: another mark than its own is that of a broken one, after which it rebuilt.
        """
        for kind, as_of in ((PATIENT_INDEX, patients), (HISTORY_INDEX, events)):
            index = Index(self._client, self._prefix, kind)
            for target in await index.targets():
                state = await index.state(target)
                await index.note(target, State(max(state.indexed_as_of, as_of)))

    async def _follow(self, kind: Kind[Any], ids: Iterable[UUID]) -> int:
        index = Index(self._client, self._prefix, kind)
        version = 0
        for batch in bulk.batches(ids, _BATCH):
            written = await self._write(kind, index, batch)
            if written is None:
                return 0
            version = written
        if version and index.alias in await index.targets():
            # Should the index give way to the next one meanwhile: that one was refreshed, and says itself as of when.
            with suppress(NotFoundError):
                await index.refresh()
                state = await index.state()
                if not state.behind:
                    await index.note(index.alias, State(version))
        return version

    async def _write(self, kind: Kind[Any], index: Index, ids: list[UUID]) -> int | None:
        """Writes the rows as they are now and returns their version; None when that took building the index."""
        for _ in range(_SWITCHES):
            targets = await index.targets()
            if index.alias not in targets:
                # An index of a few rows would pass for complete, so the first write of all writes all there are. A next
                # index alone may be what a broken rebuild left.
                try:
                    await self._rebuild(kind, None)
                except RebuildRunning:
                    # Without a target it has not read its first row yet.
                    if not targets:
                        return None
                else:
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
            if granted is None:
                raise RebuildRunning
            new = await index.create_next()
            cured = await self._broken_follower(index)
            as_of, total = await kind.source.count(self._database)
            await self._fill(kind, index, lambda done: progress and progress(kind.name, done, max(done, total)))
            await granted()
            await index.switch(new, as_of, cured)

    async def _broken_follower(self, index: Index) -> str:
        """The follower whose missing rows a rebuild that begins now will find: one that is no longer there."""
        async with alone(self._database, self._follower) as granted:
            return (await index.state()).behind if granted is not None else ""

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
