"""Searches that PostgreSQL answers while Elasticsearch is away: the same rule and order, within bounds.

Patients are found by names, MRN and date of birth, not by place; history by displays and whole codes, not by values or
reasons. Positions are those of Elasticsearch's pages, so that a caller may turn the page on either.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

from db.criteria import HistoryCriteria, PatientCriteria
from db.errors import DeadlineExceeded
from db.pool import Database
from db.search_standin import (
    CANDIDATES,
    Branch,
    Concept,
    Sought,
    find_concepts,
    find_events,
    find_patients,
)
from search import folding
from search.documents import instant, microseconds, patient_name, patient_record
from search.errors import SearchBusy
from search.matching import HISTORY, PATIENTS, Part, Record, score
from search.types import Hit, SearchPage

AT_ONCE = 4
MOST_CONCEPTS = 50
_SECONDS = 1.5


class StandIn:
    """A few searches at a time; more are refused with SearchBusy, and so are those that take too long."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._running = 0

    async def search_patients(
        self, parts: tuple[Part, ...], criteria: PatientCriteria, first: int, after: tuple[Any, ...] | None
    ) -> SearchPage:
        """Judges all candidates there are, up to CANDIDATES; typing errors are looked for when there are fewer."""
        sought = [_sought(part) for part in parts]
        async with self._turn():
            rows = await find_patients(self._database, sought, criteria, alike=False)
            complete = len(rows) < CANDIDATES
            if complete:
                try:
                    rows = await find_patients(self._database, sought, criteria, alike=True)
                except DeadlineExceeded:
                    if not rows:
                        raise
                    complete = False
                complete = complete and len(rows) < CANDIDATES
        ranked = []
        for row in rows:
            worth = score(parts, patient_record(row), PATIENTS)
            if worth is not None:
                ranked.append((-worth, patient_name(row), str(row.id)))
        ranked.sort()
        total = len(ranked)
        if after is not None:
            position = (-after[0], *after[1:])
            ranked = [place for place in ranked if place > position]
        hits = tuple(Hit(UUID(place[2]), -place[0], (-place[0], *place[1:])) for place in ranked[:first])
        return SearchPage(hits, total, complete, has_next=len(ranked) > first, degraded=True)

    async def search_history(
        self,
        parts: tuple[Part, ...],
        patient_id: UUID | None,
        criteria: HistoryCriteria,
        first: int,
        after: tuple[Any, ...] | None,
    ) -> SearchPage:
        """Judges concepts, then reads the newest events of the best. How many events there are is not counted."""
        # A part with a digit may be a code: displays are searched by the others, and all judged afterwards.
        sought = [_sought(part) for part in parts if not _has_digit(part)] or [_sought(part) for part in parts]
        async with self._turn():
            found = await find_concepts(self._database, sought)
            branches = _after(_branches(parts, found), after)
            events = []
            if branches:
                events = await find_events(self._database, branches, patient_id, criteria, first + 1)
        hits = tuple(
            Hit(event.id, event.score, (event.score, microseconds(event.recorded_at), str(event.id)))
            for event in events[:first]
        )
        return SearchPage(hits, None, False, has_next=len(events) > first, degraded=True)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._running >= AT_ONCE:
            raise SearchBusy
        self._running += 1
        try:
            async with asyncio.timeout(_SECONDS):
                yield
        except (DeadlineExceeded, TimeoutError) as error:
            raise SearchBusy from error
        finally:
            self._running -= 1


def _branches(parts: tuple[Part, ...], found: Iterable[Concept]) -> list[Branch]:
    branches = []
    if len(parts) == 1 and _has_digit(parts[0]):
        branches = [Branch(HISTORY.key.exact, code) for code in dict.fromkeys((parts[0].text, parts[0].text.upper()))]
    whole = {branch.code for branch in branches}
    for concept in found:
        record = Record({"display": folding.words(concept.display)}, folding.compact(concept.code))
        worth = score(parts, record, HISTORY)
        if worth is not None and concept.code not in whole:
            branches.append(Branch(worth, concept.code, concept.system, concept.display))
    branches.sort(key=lambda branch: (-branch.score, branch.code, branch.display or ""))
    return branches[:MOST_CONCEPTS]


def _after(branches: list[Branch], after: tuple[Any, ...] | None) -> list[Branch]:
    """What of each branch is behind a position: all where it is worth less, nothing where more."""
    if after is None:
        return branches
    worth, recorded_at, event_id = after
    position = (instant(recorded_at), UUID(event_id))
    return [
        branch if branch.score < worth else branch._replace(before=position)
        for branch in branches
        if branch.score <= worth
    ]


def _has_digit(part: Part) -> bool:
    return any(character.isdigit() for character in part.key)


def _sought(part: Part) -> Sought:
    start, end = _dates(part.date)
    return Sought(max(part.words, key=len), part.key, start, end)


def _dates(text: str) -> tuple[date | None, date | None]:
    """The range that a year, a month or a day is; nothing where the calendar knows none."""
    numbers = [int(number) for number in text.split("-") if number]
    try:
        match numbers:
            case [year]:
                return date(year, 1, 1), date(year + 1, 1, 1)
            case [year, month]:
                return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
            case [year, month, day]:
                first = date(year, month, day)
                return first, date.fromordinal(first.toordinal() + 1)
    except (ValueError, OverflowError):
        pass
    return None, None
