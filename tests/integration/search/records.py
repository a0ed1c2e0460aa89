"""Records to search: a few people and events that tests name, among many that look like them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

PEOPLE = {
    # name: given, middle, family, maiden, mrn, born, deceased, sex, city, state
    "garcia": (
        "José871",
        "Luis12",
        "García604",
        None,
        "MRN-100200",
        date(1980, 5, 12),
        False,
        "MALE",
        "Salem",
        "Maine",
    ),
    "garcia_old": ("Ana3", None, "García604", None, "MRN-100201", date(1931, 1, 2), True, "FEMALE", "Lynn", "Vermont"),
    "oneill": (
        "Maud5",
        None,
        "O'Neill57",
        "Glover433",
        "77-AB-9001",
        date(1980, 7, 1),
        False,
        "FEMALE",
        "Lynn",
        "Maine",
    ),
    "luczak": ("Zoë9", None, "Łuczak33", None, "1e621f4c-db30-c273", None, False, "UNKNOWN", "Salem", "Maine"),
    "columbus": ("Columbus656", None, "Kunde533", None, None, date(1955, 3, 30), False, "MALE", "Boston", "Vermont"),
    "swap": ("Kunde533", None, "Columbus656", None, "MRN-555", date(1956, 3, 30), False, "MALE", "Boston", "Vermont"),
    "smith_jones": ("Wei1", None, "Smith-Jones", None, "MRN-556", date(1990, 2, 28), False, "MALE", "Quincy", "Maine"),
}
NAMES = tuple(PEOPLE)
GIVEN = ("Ibrahim77", "Margarita2", "Günther8", "Noël4", "Frances1", "Dorothea9", "Tomás3", "Ella5")
FAMILY = ("Okafor1", "Nguyễn2", "Müller3", "Hernández4", "Smith5", "Andersson6", "deVries7", "Baker8", "Smithson9")

CONCEPTS = (
    # kind, system, code, display
    ("CONDITION", "http://snomed.info/sct", "44054006", "Diabetes mellitus type 2 (disorder)"),
    ("CONDITION", "http://snomed.info/sct", "59621000", "Essential hypertension (disorder)"),
    ("CONDITION", "http://snomed.info/sct", "22298006", "Myocardial infarction (disorder)"),
    (
        "MEDICATION",
        "http://www.nlm.nih.gov/research/umls/rxnorm",
        "860975",
        "Metformin hydrochloride 500 MG Oral Tablet",
    ),
    ("OBSERVATION", "http://loinc.org", "8302-2", "Body Height"),
    ("OBSERVATION", "http://loinc.org", "72166-2", "Tobacco smoking status"),
    ("PROCEDURE", "http://snomed.info/sct", "430193006", "Medication reconciliation (procedure)"),
    ("IMMUNIZATION", "http://hl7.org/fhir/sid/cvx", "140", "Influenza, seasonal, injectable, preservative free"),
)
EVENTS_EACH = 12
START = datetime(2020, 1, 1, tzinfo=UTC)


def person(number: int) -> UUID:
    return UUID(int=(0xA << 96) | number, version=4)


def event(number: int) -> UUID:
    return UUID(int=(0xE << 96) | number, version=4)


ID = {name: person(number) for number, name in enumerate(NAMES)}
_PATIENT = (
    "insert into patients (id, given_name, middle_name, family_name, maiden_name, mrn, birth_date, deceased, sex,"
    " city, state) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
)
_EVENT = (
    "insert into events (id, patient_id, kind, code_system, code, display, recorded_at, ended_at, retracted,"
    " value_number, value_unit, value_text, reason_system, reason_code, reason_display)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
)


def patient_rows(count: int) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [(ID[name], *PEOPLE[name]) for name in NAMES]
    for number in range(len(NAMES), count):
        born = date(1930, 1, 1) + timedelta(days=number * 131 % 32_000)
        rows.append(
            (
                person(number),
                GIVEN[number % 8],
                None,
                FAMILY[number * 7 % 9],
                None,
                f"MRN-{number:06}",
                born,
                number % 10 == 0,
                "FEMALE" if number % 2 else "MALE",
                ("Salem", "Bangor", "Rutland")[number % 3],
                ("Maine", "Vermont")[number % 2],
            )
        )
    return rows


def event_rows(patients: int) -> list[tuple[Any, ...]]:
    """EVENTS_EACH for each patient; some at the same instant, some retracted."""
    rows: list[tuple[Any, ...]] = []
    for number in range(patients * EVENTS_EACH):
        kind, system, code, display = CONCEPTS[number % len(CONCEPTS)]
        recorded = START + timedelta(hours=number % 700, microseconds=number % 7)
        ends = kind in ("CONDITION", "MEDICATION") and number % 3 == 0
        medication = kind == "MEDICATION"
        rows.append(
            (
                event(number),
                person(number // EVENTS_EACH),
                kind,
                system,
                code,
                display,
                recorded,
                recorded + timedelta(days=3) if ends else None,
                number % 97 == 0,
                150.0 + number % 40 if code == "8302-2" else None,
                "cm" if code == "8302-2" else None,
                "Former smoker" if code == "72166-2" else None,
                "http://snomed.info/sct" if medication else None,
                "44054006" if medication else None,
                "Prediabetes (finding)" if medication else None,
            )
        )
    return rows


async def fill(url: str, patients: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.executemany(_PATIENT, patient_rows(patients))
        await connection.executemany(_EVENT, event_rows(patients))
        await connection.execute("vacuum (analyze) patients, events, concepts")
    finally:
        await connection.close()


async def add_patient(connection: asyncpg.Connection, number: int, family: str) -> UUID:
    values = (person(number), "Added", None, family, None, None, None, False, "OTHER", "Salem", "Maine")
    await connection.execute(_PATIENT, *values)
    return person(number)
