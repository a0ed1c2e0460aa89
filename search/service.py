"""The one way to search: Elasticsearch within a deadline, else PostgreSQL, marked degraded."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from elastic_transport import TransportError
from elasticsearch import ApiError, AsyncElasticsearch

from db.pool import Database
from search.indices import HISTORY_INDEX, PATIENT_INDEX, SEARCH_SECONDS, alias, indexed_as_of
from search.matching import HISTORY, PATIENTS, parse
from search.queries import HISTORY_ORDER, PATIENT_ORDER, history_query, patient_query
from search.standin import StandIn
from search.types import HistoryCriteria, Hit, PatientCriteria, SearchPage

logger = logging.getLogger("anamnesis.search")

# After a failure Elasticsearch is left alone for as long.
_REST_SECONDS = 2.0
# How long what an index says of itself is believed.
_AS_OF_SECONDS = 1.0
_COUNTED = 10_000


class SearchService:
    """Searches. Without a client PostgreSQL answers all of them."""

    def __init__(self, client: AsyncElasticsearch | None, database: Database, prefix: str) -> None:
        self._client = client.options(request_timeout=SEARCH_SECONDS, max_retries=0) if client is not None else None
        self._stand_in = StandIn(database)
        self._patients = alias(prefix, PATIENT_INDEX.name)
        self._history = alias(prefix, HISTORY_INDEX.name)
        # By alias what is wrong with one of them, by "" what is wrong with the server.
        self._resting_until: dict[str, float] = {}
        self._as_of: dict[str, tuple[float, datetime | None]] = {}

    async def search_patients(
        self, query: str, criteria: PatientCriteria, first: int, after: tuple[Any, ...] | None = None
    ) -> SearchPage:
        """The `first` best patients after a hit's position. Raises QueryEmpty, QueryTooLong, SearchBusy."""
        parts = parse(query, PATIENTS)
        if () in criteria:
            return SearchPage()
        page = await self._ask(self._patients, patient_query(parts, criteria), PATIENT_ORDER, first, after)
        return page or await self._stand_in.search_patients(parts, criteria, first, after)

    async def search_history(
        self,
        query: str,
        patient_id: UUID | None,
        criteria: HistoryCriteria,
        first: int,
        after: tuple[Any, ...] | None = None,
    ) -> SearchPage:
        """The `first` best events after a hit's position, of one patient or of all. Raises as search_patients."""
        parts = parse(query, HISTORY)
        if () in criteria:
            return SearchPage()
        page = await self._ask(self._history, history_query(parts, patient_id, criteria), HISTORY_ORDER, first, after)
        return page or await self._stand_in.search_history(parts, patient_id, criteria, first, after)

    async def ping(self) -> bool:
        """Whether Elasticsearch answers and holds the index."""
        if self._client is None:
            return False
        try:
            async with asyncio.timeout(SEARCH_SECONDS):
                found = await self._client.indices.exists_alias(name=[self._patients, self._history])
                return bool(found)
        except (ApiError, TransportError, TimeoutError):
            return False

    async def _ask(
        self,
        name: str,
        query: Mapping[str, Any],
        order: Sequence[Mapping[str, str]],
        first: int,
        after: tuple[Any, ...] | None,
    ) -> SearchPage | None:
        """Elasticsearch's answer; None when it has none to give in time."""
        client = self._client
        if client is None or time.monotonic() < max(self._resting_until.get(of, 0.0) for of in ("", name)):
            return None
        try:
            async with asyncio.timeout(SEARCH_SECONDS):
                as_of = await self._indexed_as_of(client, name)
                response = await client.search(
                    index=name,
                    query=query,
                    sort=list(order),
                    size=first + 1,
                    search_after=list(after) if after is not None else None,
                    track_total_hits=_COUNTED,
                    allow_partial_search_results=False,
                    source=False,
                    stored_fields="_none_",
                )
        except (ApiError, TransportError, TimeoutError) as error:
            status = error.status_code if isinstance(error, ApiError) else None
            if status is None or status == 429 or status >= 500:
                self._resting_until[""] = time.monotonic() + _REST_SECONDS
            elif status == 404:
                self._resting_until[name] = time.monotonic() + _REST_SECONDS
            logger.warning("PostgreSQL answers searches: %s %s", type(error).__name__, status or "")
            return None
        found = response["hits"]["hits"]
        hits = tuple(Hit(UUID(hit["sort"][2]), hit["sort"][0], tuple(hit["sort"])) for hit in found[:first])
        total = response["hits"]["total"]
        return SearchPage(
            hits,
            total["value"],
            total["relation"] == "eq",
            has_next=len(found) > first,
            indexed_as_of=as_of,
        )

    async def _indexed_as_of(self, client: AsyncElasticsearch, name: str) -> datetime | None:
        known = self._as_of.get(name)
        if known is None or known[0] < time.monotonic():
            found = await indexed_as_of(client, name)
            known = self._as_of[name] = (time.monotonic() + _AS_OF_SECONDS, found)
        return known[1]
