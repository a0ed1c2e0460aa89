"""Patients: one by id or MRN, and lists of them."""

from uuid import UUID

from db.criteria import PatientCriteria
from db.keyset import Page, Slice
from db.patients import PatientRow
from resolvers.reader import Reader


async def patient(reader: Reader, patient_id: UUID) -> PatientRow | None:
    return await reader.one(reader.loaders.patients.load(patient_id))


async def patient_by_mrn(reader: Reader, mrn: str) -> PatientRow | None:
    return await reader.one(reader.loaders.patients_by_mrn.load(mrn))


async def patients(reader: Reader, criteria: PatientCriteria, order: str | None, page: Page) -> Slice[PatientRow]:
    return await reader.page(reader.loaders.patients_page(criteria, order, page))


async def patients_total(reader: Reader, criteria: PatientCriteria, order: str | None) -> int:
    return await reader.total(reader.loaders.patients_count(criteria, order))
