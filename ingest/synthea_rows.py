"""What a row of each of Synthea's files becomes.

A function takes the used cells of one file and returns text in the order of the columns that synthea_files.py lists
beside it, empty for null. It raises BadValue for a row that cannot be imported.
"""

import re

import orjson

from db.kinds import ENCOUNTER_CLASSES
from ingest import codes, values
from ingest.event_ids import event_id

Row = tuple[str, ...]

# The systems of Synthea's own US Core bundles, in their order.
_SYNTHEA_ID = "https://github.com/synthetichealth/synthea"
_HOSPITAL_MRN = "http://hospital.smarthealthit.org"
_SOCIAL_SECURITY = "http://hl7.org/fhir/sid/us-ssn"
_DRIVING_LICENSE = "urn:oid:2.16.840.1.113883.4.3.25"
_PASSPORT = "http://hl7.org/fhir/sid/passport-USA"

_SEXES = {"F": "FEMALE", "M": "MALE", "": "UNKNOWN", "U": "UNKNOWN", "UNK": "UNKNOWN"}
_UNKNOWN_ZIP = "00000"
_SEMANTIC_TAG = re.compile(r"\((disorder|finding|situation)\)$")


def organization(id_: str, name: str) -> Row:
    return values.uuid(id_, "Id"), values.required(name, "NAME")


def practitioner(id_: str, name: str, speciality: str) -> Row:
    return values.uuid(id_, "Id"), values.required(name, "NAME"), speciality


def patient(
    id_: str,
    birth: str,
    death: str,
    ssn: str,
    drivers: str,
    passport: str,
    prefix: str,
    first: str,
    middle: str,
    last: str,
    suffix: str,
    maiden: str,
    gender: str,
    address: str,
    city: str,
    state: str,
    zip_: str,
) -> Row:
    patient = values.uuid(id_, "Id")
    identifiers = (
        (_SYNTHEA_ID, patient),
        (_HOSPITAL_MRN, patient),
        (_SOCIAL_SECURITY, ssn),
        (_DRIVING_LICENSE, drivers),
        (_PASSPORT, passport),
    )
    return (
        patient,
        patient,
        orjson.dumps([{"system": system, "value": value} for system, value in identifiers if value]).decode(),
        prefix,
        values.name(first, "FIRST"),
        middle,
        values.name(last, "LAST"),
        suffix,
        maiden,
        values.day(birth, "BIRTHDATE"),
        "t" if death else "f",
        values.optional_moment(death, "DEATHDATE"),
        _SEXES.get(gender, "OTHER"),
        address,
        values.name(city, "CITY"),
        values.name(state, "STATE"),
        "" if zip_ == _UNKNOWN_ZIP else zip_,
    )


def _reason(code: str, display: str) -> Row:
    if not code:
        return "", "", ""
    return codes.SNOMED, values.code(code, "REASONCODE"), values.display(display, "REASONDESCRIPTION")


def encounter(
    id_: str,
    start: str,
    stop: str,
    patient: str,
    organization: str,
    provider: str,
    class_: str,
    code: str,
    description: str,
    reason_code: str,
    reason_description: str,
) -> Row:
    named = class_.upper().replace("-", "_")
    return (
        values.uuid(id_, "Id"),
        values.uuid(patient, "PATIENT"),
        named if named in ENCOUNTER_CLASSES else "OTHER",
        codes.system("encounters", values.code(code, "CODE")),
        code,
        values.display(description, "DESCRIPTION"),
        *_reason(reason_code, reason_description),
        values.moment(start, "START")[0],
        values.optional_moment(stop, "STOP"),
        values.optional_uuid(organization, "ORGANIZATION"),
        values.optional_uuid(provider, "PROVIDER"),
    )


def _event(
    kind: str,
    file: str,
    when: tuple[str, str],
    patient: str,
    encounter: str,
    code: str,
    display: str,
    *,
    system: str = "",
    given_id: str = "",
) -> Row:
    """`when` is the event's start and the column it stands in, `given_id` the source's own id where it has one."""
    patient = values.uuid(patient, "PATIENT")
    encounter = values.optional_uuid(encounter, "ENCOUNTER")
    recorded_at, day_only = values.moment(*when)
    code = values.code(code, "CODE")
    return (
        given_id or event_id(kind, patient, encounter, code, recorded_at, day_only == "t"),
        patient,
        encounter,
        codes.system(file, code, system),
        code,
        values.display(display, "DESCRIPTION"),
        recorded_at,
        day_only,
    )


def allergy(
    start: str,
    stop: str,
    patient: str,
    encounter: str,
    code: str,
    system: str,
    description: str,
    category: str,
    *reactions: str,
) -> Row:
    seen = [
        {
            "system": codes.SNOMED,
            "code": values.code(reaction, f"REACTION{n}"),
            "display": values.display(display, f"DESCRIPTION{n}") or None,
            "severity": severity or None,
        }
        for n, (reaction, display, severity) in enumerate((reactions[:3], reactions[3:]), 1)
        if reaction
    ]
    return (
        *_event("ALLERGY", "allergies", (start, "START"), patient, encounter, code, description, system=system),
        values.optional_moment(stop, "STOP"),
        category,
        orjson.dumps(seen).decode(),
    )


def care_plan(
    id_: str,
    start: str,
    stop: str,
    patient: str,
    encounter: str,
    code: str,
    description: str,
    reason_code: str,
    reason_description: str,
) -> Row:
    own = values.uuid(id_, "Id")
    return (
        *_event("CARE_PLAN", "careplans", (start, "START"), patient, encounter, code, description, given_id=own),
        values.optional_moment(stop, "STOP"),
        *_reason(reason_code, reason_description),
    )


def condition(start: str, stop: str, patient: str, encounter: str, system: str, code: str, description: str) -> Row:
    tag = _SEMANTIC_TAG.search(description)
    return (
        *_event("CONDITION", "conditions", (start, "START"), patient, encounter, code, description, system=system),
        values.optional_moment(stop, "STOP"),
        tag[1].upper() if tag else "OTHER",
    )


def device(start: str, stop: str, patient: str, encounter: str, code: str, description: str, udi: str) -> Row:
    return (
        *_event("DEVICE", "devices", (start, "START"), patient, encounter, code, description),
        values.optional_moment(stop, "STOP"),
        udi,
    )


def imaging(
    id_: str,
    date: str,
    patient: str,
    encounter: str,
    site: str,
    site_description: str,
    modality: str,
    modality_description: str,
    procedure: str,
) -> Row:
    own = values.uuid(id_, "Id")
    return (
        *_event("IMAGING", "imaging_studies", (date, "DATE"), patient, encounter, procedure, "", given_id=own),
        codes.DICOM if modality else "",
        values.optional_code(modality, "MODALITY_CODE"),
        values.display(modality_description, "MODALITY_DESCRIPTION") if modality else "",
        codes.SNOMED if site else "",
        values.optional_code(site, "BODYSITE_CODE"),
        values.display(site_description, "BODYSITE_DESCRIPTION") if site else "",
    )


def immunization(date: str, patient: str, encounter: str, code: str, description: str) -> Row:
    return _event("IMMUNIZATION", "immunizations", (date, "DATE"), patient, encounter, code, description)


def medication(
    start: str,
    stop: str,
    patient: str,
    encounter: str,
    code: str,
    description: str,
    dispenses: str,
    reason_code: str,
    reason_description: str,
) -> Row:
    return (
        *_event("MEDICATION", "medications", (start, "START"), patient, encounter, code, description),
        values.optional_moment(stop, "STOP"),
        values.small_count(dispenses, "DISPENSES"),
        *_reason(reason_code, reason_description),
    )


def observation(
    date: str,
    patient: str,
    encounter: str,
    category: str,
    code: str,
    description: str,
    value: str,
    units: str,
    type_: str,
) -> Row:
    event = _event("OBSERVATION", "observations", (date, "DATE"), patient, encounter, code, description)
    if type_ == "numeric" and value:
        return *event, category, values.number(value, "VALUE"), units, codes.ucum(units), ""
    return *event, category, "", "", "", value


def procedure(
    start: str,
    stop: str,
    patient: str,
    encounter: str,
    system: str,
    code: str,
    description: str,
    reason_code: str,
    reason_description: str,
) -> Row:
    return (
        *_event("PROCEDURE", "procedures", (start, "START"), patient, encounter, code, description, system=system),
        values.optional_moment(stop, "STOP"),
        *_reason(reason_code, reason_description),
    )
