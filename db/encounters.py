"""Encounters of a patient, newest first."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, bindparam, select
from sqlalchemy import UUID as UUID_TYPE

from db.criteria import EncounterCriteria
from db.keyset import Condition, Listing, Plan
from db.pool import Statement
from db.tables import INSTANT, encounters


class EncounterRow(NamedTuple):
    id: UUID
    patient_id: UUID
    class_: str
    type_system: str
    type_code: str
    type_display: str | None
    reason_system: str | None
    reason_code: str | None
    reason_display: str | None
    started_at: datetime
    ended_at: datetime | None
    organization_id: UUID | None
    practitioner_id: UUID | None


_COLUMNS = tuple(name.rstrip("_") for name in EncounterRow._fields)

encounters_of_patient: Listing[EncounterRow] = Listing(
    name="encounters of patient",
    source=encounters,
    rows=encounters,
    row=EncounterRow,
    columns=_COLUMNS,
    order=("started_at", "id"),
    descending=True,
    owner="patient_id",
    conditions={
        "from": Condition(("started_at",), lambda c: c.started_at >= bindparam("from", type_=INSTANT)),
        "to": Condition(("started_at",), lambda c: c.started_at < bindparam("to", type_=INSTANT)),
        "open": Condition(("ended_at",), lambda c: c.ended_at.is_(None)),
        "ended": Condition(("ended_at",), lambda c: c.ended_at.is_not(None)),
        "class": Condition(("class",), lambda c: c["class"] == any_(bindparam("class_values", type_=ARRAY(Text)))),
        "organization_id": Condition(
            ("organization_id",),
            lambda c: c.organization_id == any_(bindparam("organization_id_values", type_=ARRAY(UUID_TYPE))),
        ),
        "practitioner_id": Condition(
            ("practitioner_id",),
            lambda c: c.practitioner_id == any_(bindparam("practitioner_id_values", type_=ARRAY(UUID_TYPE))),
        ),
    },
)


def plan_encounters(criteria: EncounterCriteria) -> tuple[Plan, dict[str, Any]]:
    """The index ranges that serve a filter, and their parameters.

    Open encounters are few, a practitioner's fewer than an organization's, those fewer than a class's: the narrowest
    index leads, what is left over is refined.
    """
    ranges: list[str] = []
    values: dict[str, Any] = {}
    for name, instant in (("from", criteria.from_), ("to", criteria.to)):
        if instant is not None:
            ranges.append(name)
            values[name] = instant
    listed: dict[str, list[Any]] = {
        name: list(given)
        for name, given in (
            ("practitioner_id", criteria.practitioner_ids),
            ("organization_id", criteria.organization_ids),
            ("class", criteria.classes),
        )
        if given is not None
    }
    values |= {f"{name}_values": wanted for name, wanted in listed.items()}
    if criteria.open:
        return Plan((), (*ranges, "open"), tuple(listed), nothing=() in criteria), values
    leading = tuple(listed)[:1]
    refined = (*tuple(listed)[1:], *(["ended"] if criteria.open is not None else []))
    return Plan(leading, tuple(ranges), refined, nothing=() in criteria), values


ENCOUNTERS_BY_ID = Statement(
    "encounters by id",
    select(*(encounters.c[name] for name in _COLUMNS)).where(
        encounters.c.id == any_(bindparam("ids", type_=ARRAY(UUID_TYPE)))
    ),
)
