"""Where each column of Synthea's CSV goes: a file, the columns it is read for, the columns they become.

docs/mapping.md says the same in words. Columns and files that are not listed here are not read.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ingest import synthea_rows as rows


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the export; `kind` is set for the files that hold events."""

    name: str
    table: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    row: Callable[..., rows.Row]
    kind: str = ""

    @property
    def file(self) -> str:
        return f"{self.name}.csv"


# What every event begins with.
_EVENT = ("id", "patient_id", "encounter_id", "code_system", "code", "display", "recorded_at", "day_only")
_REASON = ("reason_system", "reason_code", "reason_display")


def _file(
    name: str, table: str, reads: str, writes: tuple[str, ...], row: Callable[..., rows.Row], kind: str = ""
) -> SourceFile:
    return SourceFile(name, table, tuple(reads.split()), writes, row, kind)


FILES = (
    _file("organizations", "organizations", "Id NAME", ("id", "name"), rows.organization),
    _file("providers", "practitioners", "Id NAME SPECIALITY", ("id", "name", "speciality"), rows.practitioner),
    _file(
        "patients",
        "patients",
        "Id BIRTHDATE DEATHDATE SSN DRIVERS PASSPORT PREFIX FIRST MIDDLE LAST SUFFIX MAIDEN"
        " GENDER ADDRESS CITY STATE ZIP",
        (
            *("id", "mrn", "identifiers", "name_prefix", "given_name", "middle_name", "family_name", "name_suffix"),
            *("maiden_name", "birth_date", "deceased", "deceased_at", "sex", "address_line", "city", "state"),
            "postal_code",
        ),
        rows.patient,
    ),
    _file(
        "encounters",
        "encounters",
        "Id START STOP PATIENT ORGANIZATION PROVIDER ENCOUNTERCLASS CODE DESCRIPTION REASONCODE REASONDESCRIPTION",
        (
            *("id", "patient_id", "class", "type_system", "type_code", "type_display", *_REASON),
            *("started_at", "ended_at", "organization_id", "practitioner_id"),
        ),
        rows.encounter,
    ),
    _file(
        "allergies",
        "events",
        "START STOP PATIENT ENCOUNTER CODE SYSTEM DESCRIPTION CATEGORY"
        " REACTION1 DESCRIPTION1 SEVERITY1 REACTION2 DESCRIPTION2 SEVERITY2",
        (*_EVENT, "ended_at", "category", "reactions"),
        rows.allergy,
        "ALLERGY",
    ),
    _file(
        "careplans",
        "events",
        "Id START STOP PATIENT ENCOUNTER CODE DESCRIPTION REASONCODE REASONDESCRIPTION",
        (*_EVENT, "ended_at", *_REASON),
        rows.care_plan,
        "CARE_PLAN",
    ),
    _file(
        "conditions",
        "events",
        "START STOP PATIENT ENCOUNTER SYSTEM CODE DESCRIPTION",
        (*_EVENT, "ended_at", "category"),
        rows.condition,
        "CONDITION",
    ),
    _file(
        "devices",
        "events",
        "START STOP PATIENT ENCOUNTER CODE DESCRIPTION UDI",
        (*_EVENT, "ended_at", "udi"),
        rows.device,
        "DEVICE",
    ),
    _file(
        "imaging_studies",
        "events",
        "Id DATE PATIENT ENCOUNTER BODYSITE_CODE BODYSITE_DESCRIPTION MODALITY_CODE MODALITY_DESCRIPTION"
        " PROCEDURE_CODE",
        (
            *(*_EVENT, "modality_system", "modality_code", "modality_display"),
            *("body_site_system", "body_site_code", "body_site_display"),
        ),
        rows.imaging,
        "IMAGING",
    ),
    _file(
        "immunizations", "events", "DATE PATIENT ENCOUNTER CODE DESCRIPTION", _EVENT, rows.immunization, "IMMUNIZATION"
    ),
    _file(
        "medications",
        "events",
        "START STOP PATIENT ENCOUNTER CODE DESCRIPTION DISPENSES REASONCODE REASONDESCRIPTION",
        (*_EVENT, "ended_at", "dispenses", *_REASON),
        rows.medication,
        "MEDICATION",
    ),
    _file(
        "observations",
        "events",
        "DATE PATIENT ENCOUNTER CATEGORY CODE DESCRIPTION VALUE UNITS TYPE",
        (*_EVENT, "category", "value_number", "value_unit", "value_unit_code", "value_text"),
        rows.observation,
        "OBSERVATION",
    ),
    _file(
        "procedures",
        "events",
        "START STOP PATIENT ENCOUNTER SYSTEM CODE DESCRIPTION REASONCODE REASONDESCRIPTION",
        (*_EVENT, "ended_at", *_REASON),
        rows.procedure,
        "PROCEDURE",
    ),
)
