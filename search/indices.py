"""The two indices: an alias each, behind it one versioned index, and while that is rebuilt a second alias for the next.

An alias exists only once its index holds everything: a search that finds none is answered by PostgreSQL.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import uuid4

from elasticsearch import AsyncElasticsearch, NotFoundError
from elasticsearch.dsl import AsyncDocument, AsyncIndex

from db.search import EVENTS, PATIENTS, EventText, PatientText, Source
from search import documents

RowT = TypeVar("RowT", PatientText, EventText)

_SETTINGS = {
    "number_of_shards": 1,
    "auto_expand_replicas": "0-1",
    # Stated, because an index that states none stops refreshing when nobody searches.
    "refresh_interval": "1s",
    # Deletions are remembered for longer than any batch of a rebuild can be late.
    "gc_deletes": "10m",
}
# A rebuild that is cut short is repeated: nothing of it needs to be safe before it ends.
_FILLING = {"refresh_interval": "-1", "translog.durability": "async"}
_FILLED = {"refresh_interval": _SETTINGS["refresh_interval"], "translog.durability": "request"}
_SECONDS = 30.0
# How long a search may take, and so how long an index may still be read after another took its place.
SEARCH_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class Kind(Generic[RowT]):
    """One of the two: where its rows come from and what they become."""

    name: str
    source: Source[RowT]
    mapping: type[AsyncDocument]
    document: Callable[[RowT], dict[str, Any]]


PATIENT_INDEX = Kind("patients", PATIENTS, documents.PatientDocument, documents.patient_document)
HISTORY_INDEX = Kind("history", EVENTS, documents.EventDocument, documents.event_document)


def alias(prefix: str, kind: str) -> str:
    """The name that searches ask."""
    return f"{prefix}-{kind}"


class State(NamedTuple):
    """What an index says of itself.

    `indexed_as_of`, in microseconds since 1970, is the time of the last read that was indexed while no write that was
    to be indexed was missing. `behind` names the follower that has begun to write many rows and has not ended: if it is
    no longer there, rows may be missing, and only a rebuild finds them.
    """

    indexed_as_of: int = 0
    behind: str = ""


class Index:
    """The life of one index."""

    def __init__(self, client: AsyncElasticsearch, prefix: str, kind: Kind[Any]) -> None:
        self._client = client.options(request_timeout=_SECONDS)
        self._kind = kind
        self.alias = alias(prefix, kind.name)
        self.next = f"{self.alias}-next"

    async def targets(self) -> list[str]:
        """The aliases that a write must reach: none before the first rebuild, two during any other."""
        found = await self._aliases()
        return sorted({name for names in found.values() for name in names})

    async def create_next(self) -> str:
        """Makes an empty index behind the next alias and returns its name; what a broken rebuild left goes."""
        for name, names in (await self._aliases()).items():
            if self.alias not in names:
                await self._client.indices.delete(index=name, ignore_unavailable=True)
        new = f"{self.alias}-{datetime.now(UTC):%Y%m%d%H%M%S}-{uuid4().hex[:8]}"
        index = AsyncIndex(new, using=self._client)
        index.document(self._kind.mapping)
        index.settings(**_SETTINGS | _FILLING)
        index.aliases(**{self.next: {}})
        await index.create()
        return new

    async def switch(self, new: str, as_of: int, cured: str) -> None:
        """Puts an index in the place of the current one in one step; that goes when nobody searches it.

        It is behind if the current one is, unless by the follower that is `cured`. Fails if it is no longer there.
        """
        await self._client.indices.put_settings(index=new, settings=_FILLED)
        # What was written until now is on the disk before the current index goes.
        await self._client.indices.flush(index=new, wait_if_ongoing=True)
        await self._client.indices.refresh(index=new)
        behind = (await self.state()).behind
        await self.note(new, State(as_of, behind if behind != cured else (await self.state(new)).behind))
        actions: list[dict[str, Any]] = [
            {"remove": {"index": new, "alias": self.next, "must_exist": True}},
            {"add": {"index": new, "alias": self.alias}},
        ]
        replaced: list[str] = []
        for name, names in (await self._aliases()).items():
            if name != new and self.alias in names:
                actions.append({"remove": {"index": name, "alias": self.alias}})
                replaced.append(name)
        await self._client.indices.update_aliases(actions=actions)
        if replaced:
            await asyncio.sleep(SEARCH_SECONDS)
            await self._client.indices.delete(index=replaced, ignore_unavailable=True)

    async def refresh(self) -> None:
        """Lets searches see what was written."""
        await self._client.indices.refresh(index=self.alias)

    async def state(self, target: str = "") -> State:
        """What an index, or the one that is searched, says of itself."""
        found = await _metas(self._client, target or self.alias, ignore_missing=True)
        return State(**found[0]) if found else State()

    async def note(self, target: str, state: State) -> None:
        """Lets an index say that of itself."""
        await self._client.indices.put_mapping(index=target, meta=state._asdict())

    async def _aliases(self) -> dict[str, list[str]]:
        """Our indices and which of the two aliases each has."""
        try:
            found = await self._client.indices.get_alias(index=f"{self.alias}-*")
        except NotFoundError:
            return {}
        ours = re.compile(re.escape(self.alias) + r"-\d{14}-[0-9a-f]{8}")
        return {name: sorted(held["aliases"]) for name, held in found.items() if ours.fullmatch(name)}


async def indexed_as_of(client: AsyncElasticsearch, name: str) -> datetime | None:
    """The time of the last read that was indexed while no write that was to be indexed was missing."""
    counts = [meta["indexed_as_of"] for meta in await _metas(client, name)]
    return documents.instant(min(counts)) if counts else None


async def _metas(client: AsyncElasticsearch, name: str, *, ignore_missing: bool = False) -> list[dict[str, Any]]:
    found = await client.indices.get_mapping(
        index=name, filter_path="*.mappings._meta", ignore_unavailable=ignore_missing
    )
    return [held["mappings"]["_meta"] for held in found.values()]
