"""History events: the interface, its nine kinds, and their connection."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.history import EventRow
from db.keyset import Item
from db.kinds import ENDING_KINDS
from graph.connections import Connection, Edge
from graph.context import Info
from graph.enums import ConditionCategory, DatePrecision, EventStatus, HistoryKind
from graph.node import Coding, Node, Quantity, coding, coding_or_none
from resolvers.encounters import encounter
from resolvers.patients import patient

if TYPE_CHECKING:
    from graph.encounters import Encounter
    from graph.patients import Patient

LazyEncounter = Annotated["Encounter", strawberry.lazy("graph.encounters")]
LazyPatient = Annotated["Patient", strawberry.lazy("graph.patients")]


@strawberry.interface
class HistoryEvent(Node):
    row: strawberry.Private[EventRow]
    kind: HistoryKind
    code: Coding
    status: EventStatus
    recorded_at: datetime = strawberry.field(description="Onset, authored or performed.")
    precision: DatePrecision = strawberry.field(
        description="DAY where the source knows no time: show the date as written, in no zone."
    )

    @strawberry.field
    async def encounter(self, info: Info) -> LazyEncounter | None:
        from graph.encounters import Encounter

        if self.row.encounter_id is None:
            return None
        return Encounter.of(await encounter(info.context.reader, self.row.encounter_id))

    @strawberry.field
    async def patient(self, info: Info) -> LazyPatient | None:
        from graph.patients import Patient

        return Patient.of(await patient(info.context.reader, self.row.patient_id))


@strawberry.type
class AllergyReaction:
    manifestation: Coding
    severity: str | None


@strawberry.type
class Allergy(HistoryEvent):
    ended_at: datetime | None
    category: str | None
    reactions: list[AllergyReaction]


@strawberry.type
class CarePlan(HistoryEvent):
    ended_at: datetime | None
    reason: Coding | None


@strawberry.type
class Condition(HistoryEvent):
    ended_at: datetime | None
    category: ConditionCategory


@strawberry.type
class Device(HistoryEvent):
    ended_at: datetime | None
    udi: str | None


@strawberry.type(description="One a study; its instances are folded.")
class Imaging(HistoryEvent):
    modality: Coding | None
    body_site: Coding | None


@strawberry.type
class Immunization(HistoryEvent):
    pass


@strawberry.type
class Medication(HistoryEvent):
    ended_at: datetime | None
    reason: Coding | None
    dosage: str | None
    dispenses: int | None


@strawberry.type(
    description="Exactly one of quantity, coded and text, or none. Components of a panel (blood pressure) are"
    " observations of their own that share panelId."
)
class Observation(HistoryEvent):
    category: str | None
    quantity: Quantity | None
    coded: Coding | None
    text: str | None
    panel_id: strawberry.ID | None
    panel: Coding | None


@strawberry.type
class Procedure(HistoryEvent):
    ended_at: datetime | None
    reason: Coding | None


def status_of(row: EventRow) -> EventStatus:
    """What the record says of an event: it follows from its end, and from a retraction."""
    if row.retracted:
        return EventStatus.ENTERED_IN_ERROR
    if row.kind == "PROCEDURE" or row.kind not in ENDING_KINDS:
        return EventStatus.COMPLETED
    if row.ended_at is None:
        return EventStatus.ACTIVE
    return EventStatus.STOPPED if row.kind in ("MEDICATION", "DEVICE") else EventStatus.COMPLETED


def _reason(row: EventRow) -> Coding | None:
    return coding_or_none(row.reason_system, row.reason_code, row.reason_display)


def _quantity(row: EventRow) -> Quantity | None:
    if row.value_number is None:
        return None
    return Quantity(
        value=row.value_number, comparator=row.value_comparator, unit=row.value_unit, code=row.value_unit_code
    )


def _reactions(row: EventRow) -> list[AllergyReaction]:
    return [
        AllergyReaction(
            manifestation=coding(reaction["system"], reaction["code"], reaction.get("display")),
            severity=reaction.get("severity"),
        )
        for reaction in row.reactions or ()
    ]


# The type of each kind, and the details that it reads from the row.
_KINDS: dict[str, tuple[Callable[..., HistoryEvent], Callable[[EventRow], dict[str, object]]]] = {
    "ALLERGY": (
        Allergy,
        lambda row: {"ended_at": row.ended_at, "category": row.category, "reactions": _reactions(row)},
    ),
    "CARE_PLAN": (CarePlan, lambda row: {"ended_at": row.ended_at, "reason": _reason(row)}),
    "CONDITION": (
        Condition,
        lambda row: {"ended_at": row.ended_at, "category": ConditionCategory[row.category or "OTHER"]},
    ),
    "DEVICE": (Device, lambda row: {"ended_at": row.ended_at, "udi": row.udi}),
    "IMAGING": (
        Imaging,
        lambda row: {
            "modality": coding_or_none(row.modality_system, row.modality_code, row.modality_display),
            "body_site": coding_or_none(row.body_site_system, row.body_site_code, row.body_site_display),
        },
    ),
    "IMMUNIZATION": (Immunization, lambda row: {}),
    "MEDICATION": (
        Medication,
        lambda row: {
            "ended_at": row.ended_at,
            "reason": _reason(row),
            "dosage": row.dosage,
            "dispenses": row.dispenses,
        },
    ),
    "OBSERVATION": (
        Observation,
        lambda row: {
            "category": row.category,
            "quantity": _quantity(row),
            "coded": coding_or_none(row.value_system, row.value_code, row.value_display),
            "text": row.value_text,
            "panel_id": None if row.panel_id is None else strawberry.ID(str(row.panel_id)),
            "panel": coding_or_none(row.panel_system, row.panel_code, row.panel_display),
        },
    ),
    "PROCEDURE": (Procedure, lambda row: {"ended_at": row.ended_at, "reason": _reason(row)}),
}

EVENT_TYPES = (Allergy, CarePlan, Condition, Device, Imaging, Immunization, Medication, Observation, Procedure)


def event_of(row: EventRow) -> HistoryEvent:
    """The event of a row, in the type of its kind."""
    kind, details = _KINDS[row.kind]
    return kind(
        row=row,
        id=strawberry.ID(str(row.id)),
        kind=HistoryKind[row.kind],
        code=coding(row.code_system, row.code, row.display),
        status=status_of(row),
        recorded_at=row.recorded_at,
        precision=DatePrecision.DAY if row.day_only else DatePrecision.INSTANT,
        **details(row),
    )


@strawberry.type
class HistoryEdge(Edge):
    item: strawberry.Private[Item[EventRow]]

    @strawberry.field
    def node(self) -> HistoryEvent:
        return event_of(self.item.row)


@strawberry.type
class HistoryConnection(Connection):
    @strawberry.field
    def edges(self) -> list[HistoryEdge]:
        return [HistoryEdge(loaded=self.loaded, item=item) for item in self.loaded.items]

    @strawberry.field
    def nodes(self) -> list[HistoryEvent]:
        return [event_of(item.row) for item in self.loaded.items]
