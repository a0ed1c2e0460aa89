"""What a clinician reads first, computed live from the history it is shown with."""

from db.criteria import EncounterCriteria, HistoryCriteria
from db.encounters import EncounterRow
from db.history import EventRow
from db.keyset import Page
from db.patients import PatientRow
from resolvers.encounters import encounters, encounters_total
from resolvers.history import history, history_total
from resolvers.policy import Forbidden
from resolvers.reader import Reader

# Nobody reads more open conditions than this, and a list that stops early would be a wrong one.
_MOST = 1_000

_CATEGORY_RANK = {"DISORDER": 0, "FINDING": 1, "SITUATION": 2}


class SummaryTooLong(Exception):
    """A part of a summary has more entries than a summary may: page through `history` instead."""

    code = "SUMMARY_TOO_LONG"

    def __init__(self, kind: str) -> None:
        super().__init__(f"more than {_MOST} entries of kind {kind}: page through history instead")


async def _all(reader: Reader, patient: PatientRow, criteria: HistoryCriteria) -> list[EventRow]:
    found = await history(reader, patient.id, criteria, Page(_MOST))
    if found.more:
        raise SummaryTooLong(" or ".join(criteria.kinds or ()))
    return [item.row for item in found.items]


async def active_conditions(reader: Reader, patient: PatientRow) -> list[EventRow]:
    """Open conditions: disorders, then findings, situations and others; within each, newest first."""
    rows = await _all(reader, patient, HistoryCriteria(kinds=("CONDITION",), active=True))
    return sorted(rows, key=lambda row: _CATEGORY_RANK.get(row.category or "", len(_CATEGORY_RANK)))


async def current_medications(reader: Reader, patient: PatientRow) -> list[EventRow]:
    """Open medications, newest first; the dead take none, whatever was left open."""
    if patient.deceased:
        return []
    return await _all(reader, patient, HistoryCriteria(kinds=("MEDICATION",), active=True))


async def allergies(reader: Reader, patient: PatientRow) -> list[EventRow]:
    """All allergies, those that ended too, newest first."""
    return await _all(reader, patient, HistoryCriteria(kinds=("ALLERGY",)))


async def latest_vitals(reader: Reader, patient: PatientRow) -> list[EventRow]:
    """The newest value of each vital-signs code, in the order of the codes."""
    rows = await reader.loaders.latest_vitals.load(patient.id)
    return [row for row in rows if reader.policy.permits(row)]


async def last_encounter(reader: Reader, patient: PatientRow) -> EncounterRow | None:
    # A caller from whom some are hidden gets the last of the others.
    size = 1 if reader.policy.unrestricted else 100
    found = await encounters(reader, patient.id, EncounterCriteria(), Page(size))
    if found.more and not found.items:
        raise Forbidden
    return found.items[0].row if found.items else None


async def encounter_count(reader: Reader, patient: PatientRow) -> int:
    return await encounters_total(reader, patient.id, EncounterCriteria())


async def event_count(reader: Reader, patient: PatientRow) -> int:
    return await history_total(reader, patient.id, HistoryCriteria())
