"""The history of a patient, and the slice of it that belongs to an encounter."""

from uuid import UUID

from db.criteria import HistoryCriteria
from db.history import EventRow
from db.keyset import Page, Slice
from resolvers.reader import Reader


async def event(reader: Reader, event_id: UUID) -> EventRow | None:
    return await reader.one(reader.loaders.events.load(event_id))


async def history(reader: Reader, patient_id: UUID, criteria: HistoryCriteria, page: Page) -> Slice[EventRow]:
    return await reader.page(reader.loaders.history_of_patient(criteria, page).load(patient_id))


async def history_total(reader: Reader, patient_id: UUID, criteria: HistoryCriteria) -> int:
    return await reader.total(reader.loaders.history_count(criteria).load(patient_id))


async def encounter_events(
    reader: Reader, encounter_id: UUID, criteria: HistoryCriteria, page: Page
) -> Slice[EventRow]:
    return await reader.page(reader.loaders.events_of_encounter(criteria, page).load(encounter_id))


async def encounter_events_total(reader: Reader, encounter_id: UUID, criteria: HistoryCriteria) -> int:
    return await reader.total(reader.loaders.encounter_event_count(criteria).load(encounter_id))
