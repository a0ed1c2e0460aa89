"""The one way to search: Elasticsearch within a deadline, else PostgreSQL, marked degraded."""

from typing import Any
from uuid import UUID

from elasticsearch import AsyncElasticsearch

from db.pool import Database
from search.types import HistoryCriteria, PatientCriteria, SearchPage


class SearchService:
    """Searches. Without a client PostgreSQL answers all of them."""

    def __init__(self, client: AsyncElasticsearch | None, database: Database, prefix: str) -> None:
        self._client = client
        self._database = database
        self._prefix = prefix

    async def search_patients(
        self, query: str, criteria: PatientCriteria, first: int, after: tuple[Any, ...] | None = None
    ) -> SearchPage:
        """The `first` best patients after a hit's position. Raises QueryEmpty, QueryTooLong, SearchBusy."""
        raise NotImplementedError

    async def search_history(
        self,
        query: str,
        patient_id: UUID | None,
        criteria: HistoryCriteria,
        first: int,
        after: tuple[Any, ...] | None = None,
    ) -> SearchPage:
        """The `first` best events after a hit's position, of one patient or of all. Raises as search_patients."""
        raise NotImplementedError

    async def ping(self) -> bool:
        """Whether Elasticsearch answers and holds the index."""
        raise NotImplementedError
