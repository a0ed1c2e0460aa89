"""Every row that the sample's import brought, against the CSV files read without it."""

from collections import Counter, defaultdict
from typing import Any

import orjson

from ingest.report import ImportReport
from tests import synthea
from tests.integration.ingest.exports import fetch

Imported = tuple[str, ImportReport]


def text(moment: Any) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


async def test_patients(imported: Imported) -> None:
    rows = await fetch(imported[0], "select * from patients")
    assert len(rows) == 110
    for row in rows:
        patient = synthea.patients()[str(row["id"])]
        assert row["mrn"] == patient.id
        assert (row["given_name"], row["family_name"], row["sex"]) == (patient.given, patient.family, patient.sex)
        assert (row["city"], row["state"], row["postal_code"]) == (patient.city, patient.state, patient.postal_code)
        assert row["birth_date"].isoformat() == patient.birth_date
        assert text(row["deceased_at"]) == patient.deceased_at
        assert row["deceased"] == (patient.deceased_at is not None)


async def test_identifiers_are_those_of_the_export(imported: Imported) -> None:
    rows = {str(row["id"]): row["identifiers"] for row in await fetch(imported[0], "select * from patients")}
    for source in synthea.read("patients.csv"):
        systems = {each["system"]: each["value"] for each in orjson.loads(rows[source["Id"]])}
        expected = {
            "https://github.com/synthetichealth/synthea": source["Id"],
            "http://hospital.smarthealthit.org": source["Id"],
            "http://hl7.org/fhir/sid/us-ssn": source["SSN"],
            "urn:oid:2.16.840.1.113883.4.3.25": source["DRIVERS"],
            "http://hl7.org/fhir/sid/passport-USA": source["PASSPORT"],
        }
        assert systems == {system: value for system, value in expected.items() if value}


async def test_encounters_newest_first(imported: Imported) -> None:
    rows = await fetch(imported[0], "select * from encounters order by patient_id, started_at desc, id desc")
    found = defaultdict(list)
    for row in rows:
        found[str(row["patient_id"])].append(
            synthea.Encounter(
                id=str(row["id"]),
                encounter_class=row["class"],
                code=row["type_code"],
                display=row["type_display"],
                reason_code=row["reason_code"],
                started_at=text(row["started_at"]) or "",
                ended_at=text(row["ended_at"]),
                organization_id=str(row["organization_id"]),
                practitioner_id=str(row["practitioner_id"]),
            )
        )
    for patient in synthea.patients().values():
        expected = sorted(patient.encounters, key=lambda each: (each.started_at, each.id), reverse=True)
        assert found[patient.id] == expected


async def test_events_of_every_patient_and_kind(imported: Imported) -> None:
    names = {row["id"]: row for row in await fetch(imported[0], "select id, code, display from events")}
    assert len(names) == 99_894
    rows = await fetch(imported[0], "select * from events order by patient_id, recorded_at desc, id desc")
    found: dict[str, list[synthea.Event]] = defaultdict(list)
    for row in rows:
        reactions = orjson.loads(row["reactions"]) if row["reactions"] else []
        found[str(row["patient_id"])].append(
            synthea.Event(
                kind=row["kind"],
                code=row["code"],
                recorded_at=text(row["recorded_at"]) or "",
                precision="DAY" if row["day_only"] else "INSTANT",
                ended_at=text(row["ended_at"]),
                encounter_id=str(row["encounter_id"]) if row["encounter_id"] else None,
                display=row["display"] if row["kind"] != "IMAGING" else None,
                category=row["category"],
                reason_code=row["reason_code"],
                value_number=row["value_number"],
                value_unit=row["value_unit"],
                value_text=row["value_text"],
                udi=row["udi"],
                dispenses=row["dispenses"],
                reactions=tuple((each["code"], each["severity"]) for each in reactions),
            )
        )
    for patient in synthea.patients().values():
        own = found[patient.id]
        assert Counter(own) == Counter(patient.events)
        assert Counter(event.kind for event in own) == patient.counts()
        newest_first = sorted((event.recorded_at for event in patient.events), reverse=True)
        assert [event.recorded_at for event in own] == newest_first


async def test_every_code_has_a_canonical_system(imported: Imported) -> None:
    rows = await fetch(imported[0], "select kind, code_system, count(*) from events group by 1, 2 order by 1, 2")
    made_up = sum(
        row["CODE"] in {"QALY", "DALY", "QOLS"} or row["CODE"].startswith("X9999")
        for row in synthea.read("observations.csv")
    )
    assert made_up > 0
    found = {(kind, system): count for kind, system, count in rows}
    assert found.pop(("OBSERVATION", "urn:anamnesis:synthea")) == made_up
    assert found.pop(("ALLERGY", "http://www.nlm.nih.gov/research/umls/rxnorm")) == 7
    assert {(kind, system) for kind, system in found} == {
        ("ALLERGY", "http://snomed.info/sct"),
        ("CARE_PLAN", "http://snomed.info/sct"),
        ("CONDITION", "http://snomed.info/sct"),
        ("DEVICE", "http://snomed.info/sct"),
        ("IMAGING", "http://snomed.info/sct"),
        ("IMMUNIZATION", "http://hl7.org/fhir/sid/cvx"),
        ("MEDICATION", "http://www.nlm.nih.gov/research/umls/rxnorm"),
        ("OBSERVATION", "http://loinc.org"),
        ("PROCEDURE", "http://snomed.info/sct"),
    }


async def test_imaging_studies_are_named_after_their_procedure(imported: Imported) -> None:
    rows = await fetch(
        imported[0], "select distinct code, display, body_site_code is null from events where kind = 'IMAGING'"
    )
    names = defaultdict(set)
    for row in synthea.read("procedures.csv"):
        names[row["CODE"]].add(row["DESCRIPTION"])
    assert all(display in names[code] and not siteless for code, display, siteless in rows)
    # Called "Chest X-ray" too; the fully specified name goes first.
    assert dict(row[:2] for row in rows)["399208008"] == "Plain chest X-ray (procedure)"


async def test_anomalies_of_the_source_are_kept(imported: Imported) -> None:
    url = imported[0]
    backwards = "select count(*) from events where kind = 'MEDICATION' and ended_at < recorded_at"
    assert (await fetch(url, backwards))[0][0] == 7
    after_death = """
        select count(*) from {} r join patients p on p.id = r.patient_id where r.{} >= p.deceased_at + interval '1 day'
    """
    for table, column in (("encounters", "started_at"), ("events", "recorded_at")):
        assert (await fetch(url, after_death.format(table, column)))[0][0] > 0


async def test_the_report_counts_what_is_there(imported: Imported) -> None:
    url, report = imported
    assert report.rejected_total == 0
    assert report.absent == ()
    assert report.events == 99_894
    for kind, count in await fetch(url, "select kind, count(*) from events group by 1"):
        assert (report.counts[kind].inserted, report.counts[kind].total) == (count, count)
    for table in ("organizations", "practitioners", "patients", "encounters"):
        assert report.counts[table].inserted == (await fetch(url, f"select count(*) from {table}"))[0][0]
