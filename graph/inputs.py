"""Arguments: read into the record's own types, or refused before anything is asked."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry

from db.criteria import EncounterCriteria, HistoryCriteria, PatientCriteria
from db.keyset import Page
from graph.cursors import Cursors
from graph.enums import AdministrativeSex, EncounterClass, HistoryKind
from graph.errors import BadFilter, BadId, BadInput, BadPage

PAGE_SIZE = 20
LARGEST_PAGE = 100
LONGEST_TEXT = 200
# Each value of a filter is an index range of its own.
MOST_VALUES = 50
MOST_PAIRS = 200


_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read_id(value: str) -> UUID:
    """A record's id. Raises BadId for anything but a UUID in its usual form."""
    if not _UUID.fullmatch(value):
        raise BadId
    return UUID(value)


def read_text(value: str) -> str:
    """Text that PostgreSQL and Elasticsearch can hold. Raises BadInput."""
    if len(value) > LONGEST_TEXT:
        raise BadInput("This text is too long.", hint=f"Give at most {LONGEST_TEXT} characters.")
    if "\0" in value or (not value.isprintable() and any("\ud800" <= character <= "\udfff" for character in value)):
        raise BadInput("This text holds characters that no record can hold.")
    return value


def read_size(size: int | None) -> int:
    """How many entries a page may have. Raises BadPage."""
    if size is None:
        return PAGE_SIZE
    if not 0 <= size <= LARGEST_PAGE:
        raise BadPage(f"A page has 0 to {LARGEST_PAGE} entries.")
    return size


def read_page(
    cursors: Cursors, scope: str, *, first: int | None, after: str | None, last: int | None, before: str | None
) -> Page:
    """The page that Relay's arguments ask for. Raises BadPage, BadCursor."""
    if first is not None and last is not None:
        raise BadPage("first and last do not go together.")
    return Page(
        read_size(last if first is None else first),
        after=None if after is None else cursors.open(scope, after),
        before=None if before is None else cursors.open(scope, before),
        backward=last is not None,
    )


@strawberry.input
class PatientFilter:
    state: list[str] | None = None
    city: list[str] | None = None
    sex: list[AdministrativeSex] | None = None
    birth_date_from: date | None = None
    birth_date_to: date | None = None
    family_prefix: str | None = None
    deceased: bool | None = None

    def criteria(self) -> PatientCriteria:
        """Raises BadFilter, BadInput."""
        _ordered(self.birth_date_from, self.birth_date_to)
        if len(self.state or ()) * len(self.city or ()) > MOST_PAIRS:
            raise BadFilter("A filter pairs too many states and cities.", hint=f"Make at most {MOST_PAIRS} pairs.")
        return PatientCriteria(
            states=_texts(self.state),
            cities=_texts(self.city),
            sexes=_names(self.sex),
            birth_date_from=self.birth_date_from,
            birth_date_to=self.birth_date_to,
            family_prefix=None if self.family_prefix is None else read_text(self.family_prefix),
            deceased=self.deceased,
        )


@strawberry.input(description="open: endedAt is null.")
class EncounterFilter:
    class_: list[EncounterClass] | None = strawberry.field(name="class", default=None)
    from_: datetime | None = strawberry.field(name="from", default=None)
    to: datetime | None = None
    organization_id: list[strawberry.ID] | None = None
    practitioner_id: list[strawberry.ID] | None = None
    open: bool | None = None

    def criteria(self) -> EncounterCriteria:
        """Raises BadFilter, BadId."""
        _ordered(self.from_, self.to)
        return EncounterCriteria(
            classes=_names(self.class_),
            from_=self.from_,
            to=self.to,
            organization_ids=_ids(self.organization_id),
            practitioner_ids=_ids(self.practitioner_id),
            open=self.open,
        )


@strawberry.input(
    description="active: endedAt is null; kinds that have no end never match. Nothing here depends on the clock."
)
class HistoryFilter:
    kinds: list[HistoryKind] | None = None
    codes: list[str] | None = None
    from_: datetime | None = strawberry.field(name="from", default=None)
    to: datetime | None = None
    active: bool | None = None

    def criteria(self) -> HistoryCriteria:
        """Raises BadFilter, BadInput."""
        _ordered(self.from_, self.to)
        return HistoryCriteria(
            kinds=_names(self.kinds), codes=_texts(self.codes), from_=self.from_, to=self.to, active=self.active
        )


def _ordered(start: Any, end: Any) -> None:
    if start is not None and end is not None and start >= end:
        raise BadFilter


def _few(values: list[Any]) -> list[Any]:
    if len(values) > MOST_VALUES:
        raise BadFilter("A filter lists too many values.", hint=f"List at most {MOST_VALUES}.")
    return values


def _texts(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(sorted({read_text(value) for value in _few(values)}))


def _ids(values: list[strawberry.ID] | None) -> tuple[UUID, ...] | None:
    return None if values is None else tuple(sorted({read_id(value) for value in _few(values)}))


def _names(values: Iterable[Enum] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(sorted({value.name for value in values}))
