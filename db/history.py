"""The history: events of a patient or of an encounter, newest first."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, any_, bindparam, literal_column, select, true
from sqlalchemy import UUID as UUID_TYPE
from sqlalchemy.dialects.postgresql import distinct_on

from db.criteria import HistoryCriteria
from db.keyset import Condition, Listing, Plan, each_value
from db.kinds import ENDING_KINDS
from db.pool import Statement
from db.tables import INSTANT, events


class EventRow(NamedTuple):
    """One history event: which details it carries depends on its kind."""

    id: UUID
    patient_id: UUID
    encounter_id: UUID | None
    kind: str
    code_system: str
    code: str
    display: str | None
    recorded_at: datetime
    day_only: bool
    ended_at: datetime | None
    retracted: bool
    category: str | None
    reason_system: str | None
    reason_code: str | None
    reason_display: str | None
    value_number: float | None
    value_comparator: str | None
    value_unit: str | None
    value_unit_code: str | None
    value_system: str | None
    value_code: str | None
    value_display: str | None
    value_text: str | None
    panel_id: UUID | None
    panel_system: str | None
    panel_code: str | None
    panel_display: str | None
    dosage: str | None
    dispenses: int | None
    udi: str | None
    reactions: list[dict[str, str]] | None
    modality_system: str | None
    modality_code: str | None
    modality_display: str | None
    body_site_system: str | None
    body_site_code: str | None
    body_site_display: str | None


def _conditions() -> dict[str, Condition]:
    return {
        "valid": Condition(("retracted",), lambda c: ~c.retracted),
        "from": Condition(("recorded_at",), lambda c: c.recorded_at >= bindparam("from", type_=INSTANT)),
        "to": Condition(("recorded_at",), lambda c: c.recorded_at < bindparam("to", type_=INSTANT)),
        # As the index events_patient_active says it, so that the planner sees the implication.
        "open": Condition(("ended_at", "kind"), lambda c: c.ended_at.is_(None) & c.kind.in_(_ENDING)),
        "ended": Condition(("ended_at",), lambda c: c.ended_at.is_not(None)),
        "kinds": Condition(("kind",), lambda c: c.kind == any_(bindparam("kinds", type_=ARRAY(Text)))),
        "codes": Condition(("code",), lambda c: c.code == any_(bindparam("codes", type_=ARRAY(Text)))),
    }


_ENDING: list[ColumnElement[str]] = [literal_column(f"'{kind}'") for kind in ENDING_KINDS]


def _listing(name: str, owner: str) -> Listing[EventRow]:
    return Listing(
        name=name,
        source=events,
        rows=events,
        row=EventRow,
        columns=EventRow._fields,
        order=("recorded_at", "id"),
        descending=True,
        owner=owner,
        conditions=_conditions(),
    )


history_of_patient = _listing("history of patient", "patient_id")
events_of_encounter = _listing("events of encounter", "encounter_id")


def plan_history(criteria: HistoryCriteria) -> tuple[Plan, dict[str, Any]]:
    """The index ranges that serve a filter of a patient's history, and their parameters.

    Open events are few, so they lead; codes narrow more than kinds; what is left over is refined.
    """
    branches: dict[str, list[str]] = {}
    ranges, values = _span(criteria)
    refined = []
    kinds = _kinds(criteria)
    if criteria.active:
        branches["kind"] = list(kinds or ())
        ranges.append("open")
        if criteria.codes is not None:
            refined.append("codes")
            values["codes"] = list(criteria.codes)
    else:
        if criteria.codes is not None:
            branches["code"] = list(criteria.codes)
            if kinds is not None:
                refined.append("kinds")
                values["kinds"] = list(kinds)
        elif kinds is not None:
            branches["kind"] = list(kinds)
        if criteria.active is not None:
            refined.append("ended")
    values |= {f"{name}_values": listed for name, listed in branches.items()}
    return Plan(tuple(branches), tuple(ranges), tuple(refined), nothing=() in (kinds, criteria.codes)), values


def plan_encounter_events(criteria: HistoryCriteria) -> tuple[Plan, dict[str, Any]]:
    """The same for the events of an encounter, of which there are few: one range, all filters refined."""
    ranges, values = _span(criteria)
    refined = []
    kinds = _kinds(criteria)
    if criteria.active is not None:
        refined.append("open" if criteria.active else "ended")
    if kinds is not None:
        refined.append("kinds")
        values["kinds"] = list(kinds)
    if criteria.codes is not None:
        refined.append("codes")
        values["codes"] = list(criteria.codes)
    return Plan((), tuple(ranges), tuple(refined), nothing=() in (kinds, criteria.codes)), values


def _kinds(criteria: HistoryCriteria) -> tuple[str, ...] | None:
    """The kinds that may match: only those that end can be active or over. Each once, as each is a range."""
    kinds = criteria.kinds
    if criteria.active is not None:
        return tuple(kind for kind in ENDING_KINDS if kinds is None or kind in kinds)
    return kinds


def _span(criteria: HistoryCriteria) -> tuple[list[str], dict[str, Any]]:
    ranges = ["valid"]
    values: dict[str, Any] = {}
    for name, instant in (("from", criteria.from_), ("to", criteria.to)):
        if instant is not None:
            ranges.append(name)
            values[name] = instant
    return ranges, values


EVENTS_BY_ID = Statement(
    "events by id",
    select(*(events.c[name] for name in EventRow._fields)).where(
        events.c.id == any_(bindparam("ids", type_=ARRAY(UUID_TYPE)))
    ),
)


def _latest_vitals() -> Statement:
    """The newest value of each vital-signs code: reads all observations of a patient until the summary is kept."""
    owners = each_value(events, "patient_id")
    newest = (
        select(*(events.c[name] for name in EventRow._fields))
        .ext(distinct_on(events.c.code_system, events.c.code))
        .where(
            events.c.patient_id == owners.c.patient_id,
            events.c.kind == literal_column("'OBSERVATION'"),
            events.c.category == literal_column("'vital-signs'"),
            ~events.c.retracted,
        )
        .order_by(events.c.code_system, events.c.code, events.c.recorded_at.desc(), events.c.id.desc())
        .correlate(owners)
        .lateral("vitals")
    )
    return Statement("latest vitals", select(literal_column("vitals.*")).select_from(owners.join(newest, true())))


LATEST_VITALS = _latest_vitals()
