"""Every way in which the contract lets a list be filtered and ordered, each with an example."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from db.criteria import EncounterCriteria, HistoryCriteria, PatientCriteria
from db.encounters import encounters_of_patient, plan_encounters
from db.history import events_of_encounter, history_of_patient, plan_encounter_events, plan_history
from db.keyset import Listing, Plan
from db.patients import plan_patients
from tests.seed import HEAVY


class Case(NamedTuple):
    name: str
    listing: Listing[Any]
    plan: Plan
    values: dict[str, Any]
    owners: Sequence[UUID]


_FROM, _TO = datetime(2014, 1, 1, tzinfo=UTC), datetime(2015, 1, 1, tzinfo=UTC)
_CLINIC = UUID("0000000a-0000-4000-8000-000000000001")
_DOCTOR = UUID("0000000b-0000-4000-8000-000000000002")
_ENCOUNTERS = [UUID(f"0000000e-0000-4000-8000-{number:012x}") for number in range(1, 21)]

_HISTORY = {
    "all": HistoryCriteria(),
    "between": HistoryCriteria(from_=_FROM, to=_TO),
    "two kinds": HistoryCriteria(kinds=("CONDITION", "MEDICATION")),
    "two rare kinds": HistoryCriteria(kinds=("ALLERGY", "IMAGING")),
    "one kind between": HistoryCriteria(kinds=("OBSERVATION",), from_=_FROM, to=_TO),
    "two codes": HistoryCriteria(codes=("OBSERVATION-3", "OBSERVATION-4")),
    "a code of a kind": HistoryCriteria(codes=("CONDITION-3",), kinds=("CONDITION",)),
    "active": HistoryCriteria(active=True),
    "active of a kind": HistoryCriteria(kinds=("CONDITION",), active=True),
    "active of a code": HistoryCriteria(codes=("CONDITION-3",), active=True),
    "over": HistoryCriteria(active=False),
    "over of a kind": HistoryCriteria(kinds=("MEDICATION",), active=False),
}

_ENCOUNTER = {
    "all": EncounterCriteria(),
    "between": EncounterCriteria(from_=_FROM, to=_TO),
    "two classes": EncounterCriteria(classes=("EMERGENCY", "INPATIENT")),
    "an organization": EncounterCriteria(organization_ids=(_CLINIC,)),
    "a class of an organization": EncounterCriteria(organization_ids=(_CLINIC,), classes=("AMBULATORY",)),
    "a practitioner": EncounterCriteria(practitioner_ids=(_DOCTOR,)),
    "open": EncounterCriteria(open=True),
    "over": EncounterCriteria(open=False),
}

_PATIENTS = {
    "all by name": (PatientCriteria(), "NAME"),
    "two states by name": (PatientCriteria(states=("Maine", "Vermont")), "NAME"),
    "cities of a state by name": (PatientCriteria(states=("Maine",), cities=("Salem", "Lynn")), "NAME"),
    "prefix by name": (PatientCriteria(family_prefix="gar"), "NAME"),
    "prefix in a state by name": (PatientCriteria(family_prefix="Gar", states=("Maine",)), "NAME"),
    "one sex by name": (PatientCriteria(sexes=("FEMALE",)), "NAME"),
    "all by birth date": (PatientCriteria(), "BIRTH_DATE"),
    "born between": (PatientCriteria(birth_date_from=date(1950, 1, 1), birth_date_to=date(1960, 1, 1)), "BIRTH_DATE"),
    "born between in a state": (PatientCriteria(states=("Maine",), birth_date_from=date(1950, 1, 1)), "BIRTH_DATE"),
    "all by last encounter": (PatientCriteria(), "LAST_ENCOUNTER"),
    "a state by last encounter": (PatientCriteria(states=("Maine",)), "LAST_ENCOUNTER"),
    "the dead of a state by last encounter": (PatientCriteria(states=("Maine",), deceased=True), "LAST_ENCOUNTER"),
}


def _cases() -> list[Case]:
    cases = []
    for name, history in _HISTORY.items():
        cases.append(Case(f"history of patient: {name}", history_of_patient, *plan_history(history), [HEAVY]))
        plan, values = plan_encounter_events(history)
        cases.append(Case(f"events of encounter: {name}", events_of_encounter, plan, values, _ENCOUNTERS))
    for name, encounter in _ENCOUNTER.items():
        cases.append(
            Case(f"encounters of patient: {name}", encounters_of_patient, *plan_encounters(encounter), [HEAVY])
        )
    for name, (criteria, order) in _PATIENTS.items():
        cases.append(Case(f"patients: {name}", *plan_patients(criteria, order), ()))
    return cases


CASES = _cases()
