"""Encounters, the directory they point to, and their connection."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.criteria import HistoryCriteria
from db.directory import OrganizationRow, PractitionerRow
from db.encounters import EncounterRow
from db.history import events_of_encounter
from db.keyset import Item
from graph.connections import Connection, Edge, load
from graph.context import Info
from graph.enums import EncounterClass
from graph.history import HistoryConnection
from graph.inputs import HistoryFilter
from graph.node import Coding, Node, coding, coding_or_none
from resolvers.encounters import organization, practitioner
from resolvers.history import encounter_events, encounter_events_total
from resolvers.patients import patient

if TYPE_CHECKING:
    from graph.patients import Patient


@strawberry.type
class Organization(Node):
    name: str

    @classmethod
    def of(cls, row: OrganizationRow | None) -> "Organization | None":
        return None if row is None else cls(id=strawberry.ID(str(row.id)), name=row.name)


@strawberry.type
class Practitioner(Node):
    name: str
    speciality: str | None

    @classmethod
    def of(cls, row: PractitionerRow | None) -> "Practitioner | None":
        return None if row is None else cls(id=strawberry.ID(str(row.id)), name=row.name, speciality=row.speciality)


@strawberry.type
class Encounter(Node):
    row: strawberry.Private[EncounterRow]
    class_: EncounterClass = strawberry.field(name="class")
    type: Coding
    reason: Coding | None
    started_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, row: EncounterRow | None) -> "Encounter | None":
        return None if row is None else encounter_of(row)

    @strawberry.field
    async def patient(self, info: Info) -> Annotated["Patient", strawberry.lazy("graph.patients")] | None:
        from graph.patients import Patient

        return Patient.of(await patient(info.context.reader, self.row.patient_id))

    @strawberry.field
    async def organization(self, info: Info) -> Organization | None:
        if self.row.organization_id is None:
            return None
        return Organization.of(await organization(info.context.reader, self.row.organization_id))

    @strawberry.field
    async def practitioner(self, info: Info) -> Practitioner | None:
        if self.row.practitioner_id is None:
            return None
        return Practitioner.of(await practitioner(info.context.reader, self.row.practitioner_id))

    @strawberry.field(description="Newest first.")
    async def events(
        self,
        info: Info,
        filter: HistoryFilter | None = None,  # noqa: A002 - the contract's name
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> HistoryConnection | None:
        reader = info.context.reader
        criteria = filter.criteria() if filter else HistoryCriteria()
        read = partial(encounter_events, reader, self.row.id, criteria)
        count = partial(encounter_events_total, reader, self.row.id, criteria)
        loaded = await load(
            info, events_of_encounter.name, read, count, first=first, after=after, last=last, before=before
        )
        return HistoryConnection(loaded=loaded)


def encounter_of(row: EncounterRow) -> Encounter:
    return Encounter(
        row=row,
        id=strawberry.ID(str(row.id)),
        class_=EncounterClass[row.class_],
        type=coding(row.type_system, row.type_code, row.type_display),
        reason=coding_or_none(row.reason_system, row.reason_code, row.reason_display),
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


@strawberry.type
class EncounterEdge(Edge):
    item: strawberry.Private[Item[EncounterRow]]

    @strawberry.field
    def node(self) -> Encounter:
        return encounter_of(self.item.row)


@strawberry.type
class EncounterConnection(Connection):
    @strawberry.field
    def edges(self) -> list[EncounterEdge]:
        return [EncounterEdge(loaded=self.loaded, item=item) for item in self.loaded.items]

    @strawberry.field
    def nodes(self) -> list[Encounter]:
        return [encounter_of(item.row) for item in self.loaded.items]
