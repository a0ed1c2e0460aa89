"""Writing documents: prepared lines, external versions, and a place for documents that Elasticsearch cannot take now.

A version is the time of the read behind a document. Elasticsearch keeps the highest, so that writers need no order
among themselves, and a batch may be written again.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

import orjson
from elasticsearch import ApiError, AsyncElasticsearch

from db.search import Snapshot
from search.errors import IndexFailed
from search.indices import Kind

_SECONDS = 30.0
_TRIES = 5
_SUPERSEDED = "version_conflict_engine_exception"
_BUSY = frozenset({"es_rejected_execution_exception", "circuit_breaking_exception"})
_GONE = "index_not_found_exception"


class TargetGone(Exception):
    """An alias that was to be written to is no longer there: look which are, and write again."""


def lines(kind: Kind[Any], snapshot: Snapshot[Any]) -> list[tuple[bytes, bytes | None]]:
    """For each document the inside of its action and its body; no body for one that is to go."""
    version = snapshot.version
    written: list[tuple[bytes, bytes | None]] = [
        (b'"_id":"%b"' % str(row.id).encode(), orjson.dumps(kind.document(row))) for row in snapshot.rows
    ]
    written += [(b'"_id":"%b"' % str(missing).encode(), None) for missing in snapshot.missing]
    return [(b'%b,"version":%d,"version_type":"external"' % (action, version), body) for action, body in written]


async def write(client: AsyncElasticsearch, target: str, prepared: Iterable[tuple[bytes, bytes | None]]) -> None:
    """Writes to an alias. Raises TargetGone, IndexFailed, and the client's errors."""
    operations: list[bytes] = []
    for action, body in prepared:
        operations.append(b'{"%b":{%b}}' % (b"delete" if body is None else b"index", action))
        if body is not None:
            operations.append(body)
    if not operations:
        return
    client = client.options(request_timeout=_SECONDS)
    for attempt in range(_TRIES):
        try:
            response = await client.bulk(
                index=target,
                # The client joins prepared lines as they are.
                operations=cast(Any, operations),
                require_alias=True,
                filter_path="errors,items.*.error.type",
            )
            failed = response.get("items", ()) if response["errors"] else ()
            reasons = {next(iter(item.values()))["error"]["type"] for item in failed} - {_SUPERSEDED}
        except ApiError as error:
            if error.status_code != 429:
                raise
            reasons = set(_BUSY)
        if not reasons:
            return
        if _GONE in reasons:
            raise TargetGone
        if not reasons <= _BUSY:
            raise IndexFailed(reasons)
        await asyncio.sleep(0.1 * 2**attempt)
    raise IndexFailed(reasons)


def batches(ids: Iterable[UUID], size: int) -> Iterable[list[UUID]]:
    """Distinct ids, `size` at a time."""
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), size):
        yield distinct[start : start + size]
