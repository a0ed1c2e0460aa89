"""Patients, their summary, and their connection."""

from datetime import date, datetime
from functools import partial

import strawberry

from db.criteria import EncounterCriteria, HistoryCriteria
from db.encounters import encounters_of_patient
from db.history import history_of_patient
from db.keyset import Item
from db.patients import PatientRow
from graph.connections import Connection, Edge, load
from graph.context import Info
from graph.encounters import Encounter, EncounterConnection
from graph.enums import AdministrativeSex
from graph.history import Allergy, Condition, HistoryConnection, Medication, Observation, event_of
from graph.inputs import EncounterFilter, HistoryFilter
from graph.node import Node
from resolvers import summary
from resolvers.encounters import encounters, encounters_total
from resolvers.history import history, history_total


@strawberry.type
class Identifier:
    system: str
    value: str


@strawberry.type
class HumanName:
    prefix: str | None
    given: str | None
    middle: str | None
    family: str | None
    suffix: str | None
    maiden: str | None
    full: str


@strawberry.type
class Address:
    line: str | None
    city: str | None
    state: str | None
    postal_code: str | None


@strawberry.type
class PatientSummary:
    patient: strawberry.Private[PatientRow]

    @strawberry.field(description="Open conditions, disorders before findings and situations.")
    async def active_conditions(self, info: Info) -> list[Condition]:
        rows = await summary.active_conditions(info.context.reader, self.patient)
        return [event_of(row) for row in rows]  # type: ignore[misc]

    @strawberry.field(description="Open medications; none for the dead.")
    async def current_medications(self, info: Info) -> list[Medication]:
        rows = await summary.current_medications(info.context.reader, self.patient)
        return [event_of(row) for row in rows]  # type: ignore[misc]

    @strawberry.field
    async def allergies(self, info: Info) -> list[Allergy]:
        rows = await summary.allergies(info.context.reader, self.patient)
        return [event_of(row) for row in rows]  # type: ignore[misc]

    @strawberry.field(description="The newest value of each vital-signs code.")
    async def latest_vitals(self, info: Info) -> list[Observation]:
        rows = await summary.latest_vitals(info.context.reader, self.patient)
        return [event_of(row) for row in rows]  # type: ignore[misc]

    @strawberry.field
    async def last_encounter(self, info: Info) -> Encounter | None:
        return Encounter.of(await summary.last_encounter(info.context.reader, self.patient))

    @strawberry.field
    async def encounter_count(self, info: Info) -> int:
        return await summary.encounter_count(info.context.reader, self.patient)

    @strawberry.field
    async def event_count(self, info: Info) -> int:
        return await summary.event_count(info.context.reader, self.patient)


@strawberry.type
class Patient(Node):
    row: strawberry.Private[PatientRow]
    mrn: str | None
    identifiers: list[Identifier] | None
    name: HumanName | None
    birth_date: date | None
    deceased: bool | None
    deceased_at: datetime | None
    sex: AdministrativeSex | None
    phone: str | None
    address: Address | None

    @classmethod
    def of(cls, row: PatientRow | None) -> "Patient | None":
        return None if row is None else patient_of(row)

    @strawberry.field(description="Newest first.")
    async def encounters(
        self,
        info: Info,
        filter: EncounterFilter | None = None,  # noqa: A002 - the contract's name
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> EncounterConnection | None:
        reader = info.context.reader
        criteria = filter.criteria() if filter else EncounterCriteria()
        read = partial(encounters, reader, self.row.id, criteria)
        count = partial(encounters_total, reader, self.row.id, criteria)
        loaded = await load(
            info, encounters_of_patient.name, read, count, first=first, after=after, last=last, before=before
        )
        return EncounterConnection(loaded=loaded)

    @strawberry.field(description="Newest first.")
    async def history(
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
        read = partial(history, reader, self.row.id, criteria)
        count = partial(history_total, reader, self.row.id, criteria)
        loaded = await load(
            info, history_of_patient.name, read, count, first=first, after=after, last=last, before=before
        )
        return HistoryConnection(loaded=loaded)

    @strawberry.field(description="What a clinician reads first; never older than the history it is shown with.")
    def summary(self) -> PatientSummary | None:
        return PatientSummary(patient=self.row)


def patient_of(row: PatientRow) -> Patient:
    return Patient(
        row=row,
        id=strawberry.ID(str(row.id)),
        mrn=row.mrn,
        identifiers=[Identifier(system=given["system"], value=given["value"]) for given in row.identifiers],
        name=_name(row),
        birth_date=row.birth_date,
        deceased=row.deceased,
        deceased_at=row.deceased_at,
        sex=AdministrativeSex[row.sex],
        phone=row.phone,
        address=_address(row),
    )


def _name(row: PatientRow) -> HumanName | None:
    parts = (row.name_prefix, row.given_name, row.middle_name, row.family_name, row.name_suffix)
    full = " ".join(part for part in parts if part)
    if not full:
        return None
    return HumanName(
        prefix=row.name_prefix,
        given=row.given_name,
        middle=row.middle_name,
        family=row.family_name,
        suffix=row.name_suffix,
        maiden=row.maiden_name,
        full=full,
    )


def _address(row: PatientRow) -> Address | None:
    if not (row.address_line or row.city or row.state or row.postal_code):
        return None
    return Address(line=row.address_line, city=row.city, state=row.state, postal_code=row.postal_code)


@strawberry.type
class PatientEdge(Edge):
    item: strawberry.Private[Item[PatientRow]]

    @strawberry.field
    def node(self) -> Patient:
        return patient_of(self.item.row)


@strawberry.type
class PatientConnection(Connection):
    @strawberry.field
    def edges(self) -> list[PatientEdge]:
        return [PatientEdge(loaded=self.loaded, item=item) for item in self.loaded.items]

    @strawberry.field
    def nodes(self) -> list[Patient]:
        return [patient_of(item.row) for item in self.loaded.items]
