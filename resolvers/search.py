"""Search: the index says which records and in what order, the loaders say what is in them now."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from db.criteria import HistoryCriteria, PatientCriteria
from db.history import EventRow
from db.patients import PatientRow
from resolvers.reader import Reader
from search.highlights import event_highlights, patient_highlights
from search.types import Highlight, Hit, SearchPage

RowT = TypeVar("RowT", PatientRow, EventRow)


class Match(NamedTuple, Generic[RowT]):
    """A record that was found, as it is now, and where the query touches it."""

    row: RowT
    hit: Hit
    highlights: list[Highlight]


class Matches(NamedTuple, Generic[RowT]):
    """A page of a search: those of its hits that still exist and may be seen."""

    found: list[Match[RowT]]
    page: SearchPage


async def search_patients(
    reader: Reader, query: str, criteria: PatientCriteria, first: int, after: tuple[Any, ...] | None
) -> Matches[PatientRow]:
    page = await reader.search.search_patients(query, criteria, first, after)
    rows = await _read(reader, reader.loaders.patients.load_many(hit.id for hit in page.hits))
    return _matches(query, page, rows, patient_highlights)


async def search_history(
    reader: Reader,
    query: str,
    patient_id: UUID | None,
    criteria: HistoryCriteria,
    first: int,
    after: tuple[Any, ...] | None,
) -> Matches[EventRow]:
    page = await reader.search.search_history(query, patient_id, criteria, first, after)
    rows = await _read(reader, reader.loaders.events.load_many(hit.id for hit in page.hits))
    # The index may lag behind: what was retracted, or given to another patient, is not found.
    current = [row for row in rows if not row.retracted and patient_id in (None, row.patient_id)]
    return _matches(query, page, current, event_highlights)


async def _read(reader: Reader, loaded: Awaitable[Iterable[RowT | None]]) -> list[RowT]:
    return [row for row in await loaded if row is not None and reader.policy.permits(row)]


def _matches(
    query: str, page: SearchPage, rows: list[RowT], highlights: Callable[[str, RowT], list[Highlight]]
) -> Matches[RowT]:
    by_id = {row.id: row for row in rows}
    found = [Match(by_id[hit.id], hit, highlights(query, by_id[hit.id])) for hit in page.hits if hit.id in by_id]
    return Matches(found, page)
