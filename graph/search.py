"""What searches return: edges with scores and highlights, and how the search was answered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry

from graph.connections import PageInfo
from graph.context import Info
from graph.errors import Forbidden
from graph.history import HistoryEvent, event_of
from graph.patients import Patient, patient_of
from resolvers.search import Match, Matches


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search, with the means to make its cursors."""

    matches: Matches[Any]
    is_first: bool
    seal: Callable[[tuple[Any, ...]], str]

    async def has_next(self) -> bool:
        return self.matches.page.has_next

    async def has_previous(self) -> bool:
        return not self.is_first

    def start_cursor(self) -> str | None:
        hits = self.matches.page.hits
        return self.seal(hits[0].after) if hits else None

    def end_cursor(self) -> str | None:
        # Of the last hit, even where its record is gone: the next page goes on from there.
        hits = self.matches.page.hits
        return self.seal(hits[-1].after) if hits else None


@strawberry.type
class HighlightPart:
    text: str
    hit: bool


@strawberry.type
class Highlight:
    field: str
    parts: list[HighlightPart]


@strawberry.type
class SearchStatus:
    degraded: bool = strawberry.field(description="Answered by the Postgres stand-in.")
    indexed_as_of: datetime | None
    total_is_exact: bool


@strawberry.type
class SearchEdge:
    match: strawberry.Private[Match[Any]]
    found: strawberry.Private[Found]

    @strawberry.field
    def cursor(self) -> str:
        return self.found.seal(self.match.hit.after)

    @strawberry.field
    def score(self) -> float:
        return self.match.hit.score

    @strawberry.field
    def highlights(self) -> list[Highlight]:
        return [
            Highlight(field=said.field, parts=[HighlightPart(text=part.text, hit=part.hit) for part in said.parts])
            for said in self.match.highlights
        ]


@strawberry.type
class SearchConnection:
    found: strawberry.Private[Found]

    @strawberry.field
    def page_info(self) -> PageInfo:
        return PageInfo(page=self.found)

    @strawberry.field
    def total_count(self, info: Info) -> int | None:
        if not info.context.reader.policy.unrestricted:
            raise Forbidden("A total would count what you may not see.")
        return self.found.matches.page.total

    @strawberry.field
    def status(self) -> SearchStatus:
        page = self.found.matches.page
        return SearchStatus(
            degraded=page.degraded, indexed_as_of=page.indexed_as_of, total_is_exact=page.total_is_exact
        )


@strawberry.type
class PatientSearchEdge(SearchEdge):
    @strawberry.field
    def node(self) -> Patient:
        return patient_of(self.match.row)


@strawberry.type
class PatientSearchConnection(SearchConnection):
    @strawberry.field
    def edges(self) -> list[PatientSearchEdge]:
        return [PatientSearchEdge(match=match, found=self.found) for match in self.found.matches.found]

    @strawberry.field
    def nodes(self) -> list[Patient]:
        return [patient_of(match.row) for match in self.found.matches.found]


@strawberry.type
class HistorySearchEdge(SearchEdge):
    @strawberry.field
    def node(self) -> HistoryEvent:
        return event_of(self.match.row)


@strawberry.type
class HistorySearchConnection(SearchConnection):
    @strawberry.field
    def edges(self) -> list[HistorySearchEdge]:
        return [HistorySearchEdge(match=match, found=self.found) for match in self.found.matches.found]

    @strawberry.field
    def nodes(self) -> list[HistoryEvent]:
        return [event_of(match.row) for match in self.found.matches.found]
