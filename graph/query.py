"""The roots of every answer."""

from functools import partial
from typing import Any

import strawberry

from db.criteria import HistoryCriteria, PatientCriteria
from db.directory import OrganizationRow, PractitionerRow
from db.encounters import EncounterRow
from db.history import EventRow
from db.patients import PatientRow, plan_patients
from graph.connections import load
from graph.context import Info
from graph.encounters import Encounter, Organization, Practitioner, encounter_of
from graph.enums import PatientOrder
from graph.errors import BadInput
from graph.history import event_of
from graph.inputs import HistoryFilter, PatientFilter, read_id, read_size, read_text
from graph.node import Node
from graph.patients import Patient, PatientConnection, patient_of
from graph.search import Found, HistorySearchConnection, PatientSearchConnection
from resolvers import encounters, nodes, patients, search
from resolvers.policy import Row
from resolvers.search import Matches


def _node_of(row: Row | None) -> Node | None:
    match row:
        case None:
            return None
        case PatientRow():
            return patient_of(row)
        case EncounterRow():
            return encounter_of(row)
        case EventRow():
            return event_of(row)
        case OrganizationRow():
            return Organization.of(row)
        case PractitionerRow():
            return Practitioner.of(row)


@strawberry.type
class Query:
    @strawberry.field(description="Any record by its id; retracted events too.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:  # noqa: A002 - the contract's name
        return _node_of(await nodes.node(info.context.reader, read_id(id)))

    @strawberry.field(description="Exactly one of id and mrn.")
    async def patient(
        self,
        info: Info,
        id: strawberry.ID | None = None,  # noqa: A002 - the contract's name
        mrn: str | None = None,
    ) -> Patient | None:
        if (id is None) == (mrn is None):
            raise BadInput("Give exactly one of id and mrn.", hint="Leave the other one out.")
        reader = info.context.reader
        if id is not None:
            return Patient.of(await patients.patient(reader, read_id(id)))
        return Patient.of(await patients.patient_by_mrn(reader, read_text(mrn or "")))

    @strawberry.field(
        description="The supported pairs of filter and order are those an index serves; others are FILTER_TOO_BROAD."
    )
    async def patients(
        self,
        info: Info,
        filter: PatientFilter | None = None,  # noqa: A002 - the contract's name
        order_by: PatientOrder | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> PatientConnection | None:
        reader = info.context.reader
        criteria = filter.criteria() if filter else PatientCriteria()
        order = order_by.name if order_by else None
        scope = plan_patients(criteria, order)[0].name
        read = partial(patients.patients, reader, criteria, order)
        count = partial(patients.patients_total, reader, criteria, order)
        loaded = await load(info, scope, read, count, first=first, after=after, last=last, before=before)
        return PatientConnection(loaded=loaded)

    @strawberry.field
    async def encounter(self, info: Info, id: strawberry.ID) -> Encounter | None:  # noqa: A002 - the contract's name
        return Encounter.of(await encounters.encounter(info.context.reader, read_id(id)))

    @strawberry.field(description="Search as you type over names, MRN, birth date and place; typo-tolerant.")
    async def search_patients(
        self,
        info: Info,
        query: str,
        filter: PatientFilter | None = None,  # noqa: A002 - the contract's name
        first: int | None = None,
        after: str | None = None,
    ) -> PatientSearchConnection | None:
        criteria = filter.criteria() if filter else PatientCriteria()
        scope = f"search of patients: {(query, criteria)}"
        position = _position(info, scope, after)
        matches = await search.search_patients(info.context.reader, query, criteria, read_size(first), position)
        return PatientSearchConnection(found=_found(info, scope, matches, after))

    @strawberry.field(description="Full text over codes, displays and values, of one patient or across patients.")
    async def search_history(
        self,
        info: Info,
        query: str,
        patient_id: strawberry.ID | None = None,
        filter: HistoryFilter | None = None,  # noqa: A002 - the contract's name
        first: int | None = None,
        after: str | None = None,
    ) -> HistorySearchConnection | None:
        criteria = filter.criteria() if filter else HistoryCriteria()
        patient = None if patient_id is None else read_id(patient_id)
        scope = f"search of history: {(query, patient, criteria)}"
        position = _position(info, scope, after)
        matches = await search.search_history(info.context.reader, query, patient, criteria, read_size(first), position)
        return HistorySearchConnection(found=_found(info, scope, matches, after))


def _position(info: Info, scope: str, after: str | None) -> tuple[Any, ...] | None:
    """Where a page of a search starts: a score means nothing in another search, so the scope names the search."""
    return None if after is None else info.context.cursors.open(scope, after)


def _found(info: Info, scope: str, matches: Matches[Any], after: str | None) -> Found:
    return Found(matches, after is None, partial(info.context.cursors.seal, scope))
