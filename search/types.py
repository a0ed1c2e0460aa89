"""What a search is answered with: ids, scores and positions. Rows are read again by whoever asked."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from db.criteria import HistoryCriteria, PatientCriteria

__all__ = ["Highlight", "HighlightPart", "HistoryCriteria", "Hit", "PatientCriteria", "SearchPage"]


class Hit(NamedTuple):
    """One record that was found. `after` is where the next page starts when it is the last one of a page."""

    id: UUID
    score: float
    after: tuple[Any, ...]


class SearchPage(NamedTuple):
    """Hits, best first.

    `total` is what was counted: all that match when `total_is_exact`, otherwise at least so many; None when nobody
    counted. `degraded`: answered by PostgreSQL, from the record itself, so that there is no `indexed_as_of`; otherwise
    this is the time of the last read that was indexed while no write that was to be indexed was missing.
    """

    hits: tuple[Hit, ...] = ()
    total: int | None = 0
    total_is_exact: bool = True
    has_next: bool = False
    degraded: bool = False
    indexed_as_of: datetime | None = None


class HighlightPart(NamedTuple):
    text: str
    hit: bool


class Highlight(NamedTuple):
    """The parts of one field's text, in order: together they are that text."""

    field: str
    parts: tuple[HighlightPart, ...]
