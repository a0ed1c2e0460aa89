"""The loaders of one request: what it has read once it does not read again, and no other request sees."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from db.criteria import EncounterCriteria, HistoryCriteria, PatientCriteria
from db.directory import ORGANIZATIONS_BY_ID, PRACTITIONERS_BY_ID, OrganizationRow, PractitionerRow
from db.encounters import ENCOUNTERS_BY_ID, EncounterRow, encounters_of_patient, plan_encounters
from db.history import (
    EVENTS_BY_ID,
    EventRow,
    events_of_encounter,
    history_of_patient,
    plan_encounter_events,
    plan_history,
)
from db.keyset import Listing, Page, Plan, Slice
from db.patients import PATIENTS_BY_ID, PATIENTS_BY_MRN, PatientRow, plan_patients
from db.pool import Database, Statement
from loaders.base import Batches
from loaders.lists import EVERYONE, CountLoader, PageLoader, VitalsLoader
from loaders.rows import RowLoader, TableLoader

RowT = TypeVar("RowT")
LoaderT = TypeVar("LoaderT")


class Loaders:
    """Every way to read the record. Made for one request; `close` ends what it still runs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batches = batches = Batches()
        self.patients: RowLoader[UUID, PatientRow] = self._by_id(PATIENTS_BY_ID, PatientRow)
        self.encounters: RowLoader[UUID, EncounterRow] = self._by_id(ENCOUNTERS_BY_ID, EncounterRow)
        self.events: RowLoader[UUID, EventRow] = self._by_id(EVENTS_BY_ID, EventRow)
        self.organizations: RowLoader[UUID, OrganizationRow] = self._by_id(ORGANIZATIONS_BY_ID, OrganizationRow)
        self.practitioners: RowLoader[UUID, PractitionerRow] = self._by_id(PRACTITIONERS_BY_ID, PractitionerRow)
        self.patients_by_mrn: RowLoader[str, PatientRow] = RowLoader(
            database,
            batches,
            statement=PATIENTS_BY_MRN,
            parameter="mrns",
            row=PatientRow,
            key=lambda row: row.mrn or "",
        )
        self.tables = TableLoader(database, batches)
        self.latest_vitals = VitalsLoader(database, batches)
        self._lists: dict[Any, Any] = {}

    def close(self) -> None:
        """Cancels the statements that are under way."""
        self._batches.close()

    def encounters_of_patient(self, criteria: EncounterCriteria, page: Page) -> PageLoader[EncounterRow]:
        return self._page(encounters_of_patient, *plan_encounters(criteria), criteria, page)

    def history_of_patient(self, criteria: HistoryCriteria, page: Page) -> PageLoader[EventRow]:
        return self._page(history_of_patient, *plan_history(criteria), criteria, page)

    def events_of_encounter(self, criteria: HistoryCriteria, page: Page) -> PageLoader[EventRow]:
        return self._page(events_of_encounter, *plan_encounter_events(criteria), criteria, page)

    def encounter_count(self, criteria: EncounterCriteria) -> CountLoader:
        return self._count(encounters_of_patient, *plan_encounters(criteria), criteria)

    def history_count(self, criteria: HistoryCriteria) -> CountLoader:
        return self._count(history_of_patient, *plan_history(criteria), criteria)

    def encounter_event_count(self, criteria: HistoryCriteria) -> CountLoader:
        return self._count(events_of_encounter, *plan_encounter_events(criteria), criteria)

    def patients_page(self, criteria: PatientCriteria, order: str | None, page: Page) -> Awaitable[Slice[PatientRow]]:
        """A page of patients. Raises FilterTooBroad for a pair of filter and order that no index serves."""
        return self._page(*plan_patients(criteria, order), criteria, page).load(EVERYONE)

    def patients_count(self, criteria: PatientCriteria, order: str | None) -> Awaitable[int]:
        return self._count(*plan_patients(criteria, order), criteria).load(EVERYONE)

    def _by_id(self, statement: Statement, row: Callable[..., Any]) -> RowLoader[UUID, Any]:
        return RowLoader(
            self._database, self._batches, statement=statement, parameter="ids", row=row, key=lambda found: found.id
        )

    def _page(
        self, listing: Listing[RowT], plan: Plan, values: dict[str, Any], criteria: Any, page: Page
    ) -> PageLoader[RowT]:
        def build() -> PageLoader[RowT]:
            return PageLoader(self._database, self._batches, listing=listing, plan=plan, values=values, page=page)

        return self._once((listing.name, criteria, page), build)

    def _count(self, listing: Listing[Any], plan: Plan, values: dict[str, Any], criteria: Any) -> CountLoader:
        def build() -> CountLoader:
            return CountLoader(self._database, self._batches, listing=listing, plan=plan, values=values)

        return self._once((listing.name, criteria), build)

    def _once(self, shape: tuple[Any, ...], build: Callable[[], LoaderT]) -> LoaderT:
        """The loader of a shape: fields that ask for the same page of the same list share one."""
        loader: LoaderT | None = self._lists.get(shape)
        if loader is None:
            loader = self._lists[shape] = build()
        return loader
