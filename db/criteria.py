"""What a list may be narrowed to: the contract's filters, checked and in the record's own types.

`None` is a condition that was not given; an empty tuple matches nothing; no tuple holds a value twice. `from_` is
inclusive, `to` exclusive.
"""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID


class PatientCriteria(NamedTuple):
    states: tuple[str, ...] | None = None
    cities: tuple[str, ...] | None = None
    sexes: tuple[str, ...] | None = None
    birth_date_from: date | None = None
    birth_date_to: date | None = None
    family_prefix: str | None = None
    deceased: bool | None = None


class EncounterCriteria(NamedTuple):
    classes: tuple[str, ...] | None = None
    from_: datetime | None = None
    to: datetime | None = None
    organization_ids: tuple[UUID, ...] | None = None
    practitioner_ids: tuple[UUID, ...] | None = None
    open: bool | None = None


class HistoryCriteria(NamedTuple):
    kinds: tuple[str, ...] | None = None
    codes: tuple[str, ...] | None = None
    from_: datetime | None = None
    to: datetime | None = None
    active: bool | None = None
