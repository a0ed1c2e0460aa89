"""Encounters, and the directory they point to."""

from uuid import UUID

from db.criteria import EncounterCriteria
from db.directory import OrganizationRow, PractitionerRow
from db.encounters import EncounterRow
from db.keyset import Page, Slice
from resolvers.reader import Reader


async def encounter(reader: Reader, encounter_id: UUID) -> EncounterRow | None:
    return await reader.one(reader.loaders.encounters.load(encounter_id))


async def encounters(reader: Reader, patient_id: UUID, criteria: EncounterCriteria, page: Page) -> Slice[EncounterRow]:
    return await reader.page(reader.loaders.encounters_of_patient(criteria, page).load(patient_id))


async def encounters_total(reader: Reader, patient_id: UUID, criteria: EncounterCriteria) -> int:
    return await reader.total(reader.loaders.encounter_count(criteria).load(patient_id))


async def organization(reader: Reader, organization_id: UUID) -> OrganizationRow | None:
    return await reader.one(reader.loaders.organizations.load(organization_id))


async def practitioner(reader: Reader, practitioner_id: UUID) -> PractitionerRow | None:
    return await reader.one(reader.loaders.practitioners.load(practitioner_id))
