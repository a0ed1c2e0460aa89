"""What the sample's CSV files say, read with the csv module alone: the truth that answers are compared with.

Nothing here is shared with the importer. Times are the contract's text: RFC 3339 in UTC with Z.
"""

import csv
import io
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import zstandard

SAMPLE = Path(__file__).parent.parent / "examples" / "sample" / "synthea-110.tar.zst"

# File, kind, and the columns of code, start and end.
EVENT_FILES = (
    ("allergies.csv", "ALLERGY", "CODE", "START", "STOP"),
    ("careplans.csv", "CARE_PLAN", "CODE", "START", "STOP"),
    ("conditions.csv", "CONDITION", "CODE", "START", "STOP"),
    ("devices.csv", "DEVICE", "CODE", "START", "STOP"),
    ("imaging_studies.csv", "IMAGING", "PROCEDURE_CODE", "DATE", None),
    ("immunizations.csv", "IMMUNIZATION", "CODE", "DATE", None),
    ("medications.csv", "MEDICATION", "CODE", "START", "STOP"),
    ("observations.csv", "OBSERVATION", "CODE", "DATE", None),
    ("procedures.csv", "PROCEDURE", "CODE", "START", "STOP"),
)


@dataclass(frozen=True)
class Event:
    kind: str
    code: str
    recorded_at: str
    # DAY or INSTANT
    precision: str
    ended_at: str | None
    encounter_id: str | None
    # None for imaging studies, whose file has none.
    display: str | None
    category: str | None = None
    # As written; None where there is none.
    reason_code: str | None = None
    value_number: float | None = None
    value_unit: str | None = None
    value_text: str | None = None
    udi: str | None = None
    dispenses: int | None = None
    reactions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Encounter:
    id: str
    encounter_class: str
    code: str
    display: str
    reason_code: str | None
    started_at: str
    ended_at: str | None
    organization_id: str
    practitioner_id: str


@dataclass
class Patient:
    id: str
    given: str
    family: str
    birth_date: str
    deceased_at: str | None
    sex: str
    city: str
    state: str
    postal_code: str | None
    # In no order: sort by what is asked for.
    encounters: list[Encounter] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def counts(self) -> Counter[str]:
        """Events by kind."""
        return Counter(event.kind for event in self.events)


def _moment(text: str) -> str:
    return f"{text}T00:00:00Z" if len(text) == 10 else text


def _optional_moment(text: str) -> str | None:
    return _moment(text) if text else None


@cache
def _files() -> dict[str, str]:
    packed = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(SAMPLE.read_bytes())).read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        members = {Path(member.name).name: archive.extractfile(member) for member in archive}
        return {name: file.read().decode() for name, file in members.items() if file is not None}


def read(name: str) -> Iterator[dict[str, str]]:
    """The rows of one file of the sample, as dicts."""
    return csv.DictReader(io.StringIO(_files()[name], newline=""))


def _event(row: dict[str, str], kind: str, code: str, start: str, end: str | None) -> Event:
    numeric = row.get("TYPE") == "numeric"
    category = row.get("CATEGORY") or None
    if kind == "CONDITION":
        tags = {"(disorder)": "DISORDER", "(finding)": "FINDING", "(situation)": "SITUATION"}
        category = next((name for tag, name in tags.items() if row["DESCRIPTION"].endswith(tag)), "OTHER")
    reactions = (
        (row[f"REACTION{n}"], row[f"SEVERITY{n}"]) for n in (1, 2) if kind == "ALLERGY" and row[f"REACTION{n}"]
    )
    return Event(
        kind=kind,
        code=row[code],
        recorded_at=_moment(row[start]),
        precision="DAY" if len(row[start]) == 10 else "INSTANT",
        ended_at=_optional_moment(row[end]) if end else None,
        encounter_id=row["ENCOUNTER"] or None,
        display=row.get("DESCRIPTION"),
        category=category,
        reason_code=row.get("REASONCODE") or None,
        value_number=float(row["VALUE"]) if numeric else None,
        value_unit=row["UNITS"] if numeric else None,
        value_text=row["VALUE"] if row.get("TYPE") == "text" else None,
        udi=row.get("UDI") or None,
        dispenses=int(row["DISPENSES"]) if row.get("DISPENSES") else None,
        reactions=tuple(reactions),
    )


@cache
def patients() -> dict[str, Patient]:
    """Every patient of the sample by id, with all encounters and events."""
    found = {
        row["Id"]: Patient(
            id=row["Id"],
            given=row["FIRST"],
            family=row["LAST"],
            birth_date=row["BIRTHDATE"],
            deceased_at=_optional_moment(row["DEATHDATE"]),
            sex={"M": "MALE", "F": "FEMALE"}[row["GENDER"]],
            city=row["CITY"],
            state=row["STATE"],
            postal_code=None if row["ZIP"] == "00000" else row["ZIP"],
        )
        for row in read("patients.csv")
    }
    for row in read("encounters.csv"):
        found[row["PATIENT"]].encounters.append(
            Encounter(
                id=row["Id"],
                encounter_class=row["ENCOUNTERCLASS"].upper(),
                code=row["CODE"],
                display=row["DESCRIPTION"],
                reason_code=row["REASONCODE"] or None,
                started_at=_moment(row["START"]),
                ended_at=_optional_moment(row["STOP"]),
                organization_id=row["ORGANIZATION"],
                practitioner_id=row["PROVIDER"],
            )
        )
    studies: set[str] = set()
    for file, kind, code, start, end in EVENT_FILES:
        for row in read(file):
            # One event a study, not one an instance.
            if kind == "IMAGING":
                if row["Id"] in studies:
                    continue
                studies.add(row["Id"])
            found[row["PATIENT"]].events.append(_event(row, kind, code, start, end))
    return found


def biggest() -> Patient:
    """The patient with the most events."""
    return max(patients().values(), key=lambda patient: len(patient.events))
