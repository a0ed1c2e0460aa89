"""Patients: by id, by MRN, and the lists of patients that an index serves."""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Date, Table, Text, any_, bindparam, func, literal_column, select
from sqlalchemy import UUID as UUID_TYPE

from db.criteria import PatientCriteria
from db.errors import FilterTooBroad
from db.keyset import Condition, Listing, Plan
from db.pool import Statement
from db.tables import patient_activity, patients


class PatientRow(NamedTuple):
    id: UUID
    mrn: str | None
    identifiers: list[dict[str, str]]
    name_prefix: str | None
    given_name: str | None
    middle_name: str | None
    family_name: str | None
    name_suffix: str | None
    maiden_name: str | None
    birth_date: date | None
    deceased: bool
    deceased_at: datetime | None
    sex: str
    phone: str | None
    address_line: str | None
    city: str | None
    state: str | None
    postal_code: str | None


_SELECTED = select(*(patients.c[name] for name in PatientRow._fields))

PATIENTS_BY_ID = Statement(
    "patients by id", _SELECTED.where(patients.c.id == any_(bindparam("ids", type_=ARRAY(UUID_TYPE))))
)
PATIENTS_BY_MRN = Statement(
    "patients by MRN", _SELECTED.where(patients.c.mrn == any_(bindparam("mrns", type_=ARRAY(Text))))
)

# The greatest code point: no text that starts with a prefix sorts after the prefix followed by it.
_LAST_CHARACTER: ColumnElement[str] = literal_column("chr(1114111)")
_prefix = func.fold(bindparam("prefix", type_=Text))

_CONDITIONS = {
    "prefix": Condition(
        ("family_key",), lambda c: (c.family_key >= _prefix) & (c.family_key < _prefix.concat(_LAST_CHARACTER))
    ),
    "born from": Condition(("birth_key",), lambda c: c.birth_key >= bindparam("born_from", type_=Date)),
    "born before": Condition(("birth_key",), lambda c: c.birth_key < bindparam("born_before", type_=Date)),
    "sex": Condition(("sex",), lambda c: c.sex == any_(bindparam("sexes", type_=ARRAY(Text)))),
    "deceased": Condition(("deceased",), lambda c: c.deceased),
    "living": Condition(("deceased",), lambda c: ~c.deceased),
}


def _listing(name: str, source: Table, order: tuple[str, ...], *, newest_first: bool = False) -> Listing[PatientRow]:
    return Listing(
        name=name,
        source=source,
        rows=patients,
        row=PatientRow,
        columns=PatientRow._fields,
        order=order,
        descending=newest_first,
        key=order[-1],
        conditions=_CONDITIONS,
    )


BY_NAME = _listing("patients by name", patients, ("family_key", "given_key", "id"))
BY_BIRTH_DATE = _listing("patients by birth date", patients, ("birth_key", "id"))
BY_LAST_ENCOUNTER = _listing(
    "patients by last encounter", patient_activity, ("last_encounter_at", "patient_id"), newest_first=True
)

# Which parts of a filter an index serves, by order; sex and deceased refine any of them.
SERVED: dict[str, tuple[Listing[PatientRow], tuple[frozenset[str], ...]]] = {
    "NAME": (
        BY_NAME,
        (
            frozenset(),
            frozenset({"state"}),
            frozenset({"state", "city"}),
            frozenset({"familyPrefix"}),
            frozenset({"state", "familyPrefix"}),
            frozenset({"state", "city", "familyPrefix"}),
        ),
    ),
    "BIRTH_DATE": (
        BY_BIRTH_DATE,
        (frozenset(), frozenset({"state"}), frozenset({"birthDate"}), frozenset({"state", "birthDate"})),
    ),
    "LAST_ENCOUNTER": (BY_LAST_ENCOUNTER, (frozenset(), frozenset({"state"}))),
}

# The birth key of those that have no date: after every date, and not the last one, which asyncpg reads as infinity.
_END_OF_DATES = date(9999, 12, 30)


def plan_patients(criteria: PatientCriteria, order: str | None) -> tuple[Listing[PatientRow], Plan, dict[str, Any]]:
    """The listing and the index ranges that serve a filter; without an order, the first that does.

    Raises FilterTooBroad for a pair of filter and order that no index serves.
    """
    born = criteria.birth_date_from is not None or criteria.birth_date_to is not None
    given = frozenset(
        name
        for name, is_given in (
            ("state", criteria.states is not None),
            ("city", criteria.cities is not None),
            ("familyPrefix", criteria.family_prefix is not None),
            ("birthDate", born),
        )
        if is_given
    )
    orders = [order] if order is not None else list(SERVED)
    listing = next((SERVED[name][0] for name in orders if given in SERVED[name][1]), None)
    if listing is None:
        raise FilterTooBroad(_served(given, order))

    branches: list[str] = []
    ranges: list[str] = []
    values: dict[str, Any] = {}
    for name, wanted in (("state", criteria.states), ("city", criteria.cities)):
        if wanted is not None:
            branches.append(name)
            values[f"{name}_values"] = list(wanted)
    if criteria.family_prefix is not None:
        ranges.append("prefix")
        values["prefix"] = criteria.family_prefix
    if born:
        ranges.append("born before")
        values["born_before"] = min(criteria.birth_date_to or _END_OF_DATES, _END_OF_DATES)
        if criteria.birth_date_from is not None:
            ranges.append("born from")
            values["born_from"] = criteria.birth_date_from
    refined = []
    if criteria.sexes is not None:
        refined.append("sex")
        values["sexes"] = list(criteria.sexes)
    if criteria.deceased is not None:
        refined.append("deceased" if criteria.deceased else "living")
    return listing, Plan(tuple(branches), tuple(ranges), tuple(refined), nothing=() in criteria), values


def _served(given: frozenset[str], order: str | None) -> str:
    """What to ask instead of a pair that no index serves."""
    others = [name for name, (_, filters) in SERVED.items() if given in filters]
    if others:
        return f"{_words(given)} is served by orderBy {' or '.join(others)}, not by {order}"
    listed = SERVED[order][1] if order else {filters for _, served in SERVED.values() for filters in served}
    return f"{_words(given)} is not served; these are: " + "; ".join(sorted(_words(names) for names in listed))


def _words(names: frozenset[str]) -> str:
    return " + ".join(sorted(names)) or "no filter"
