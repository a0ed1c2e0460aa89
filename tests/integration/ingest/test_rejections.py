"""Rows that cannot be imported: told with file and line, without their values, and none of them half there."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ingest import report as report_module
from ingest.errors import SourceUnreadable
from ingest.synthea import import_synthea
from tests.integration.ingest import exports
from tests.integration.ingest.exports import fetch

STRANGER = str(uuid4())


async def test_each_unreadable_row_is_told_and_the_rest_goes_in(migrated: str, tmp_path: Path) -> None:
    rows = exports.some()
    observations = rows["observations.csv"]
    total = len(observations)
    observations[0]["DATE"] = "yesterday"
    observations[1]["PATIENT"] = "Mrs Smith"
    observations[2]["CODE"] = ""
    observations[3] |= {"TYPE": "numeric", "VALUE": "a lot"}
    observations[4]["PATIENT"] = STRANGER
    observations[5]["ENCOUNTER"] = STRANGER
    folder = exports.write(tmp_path / "export", rows)
    with (folder / "observations.csv").open("ab") as file:
        file.write(b"half a row\n\xff\xfe\n")
    report = await import_synthea(migrated, folder)
    told = {(each.file, each.line, each.column) for each in report.rejected}
    assert told == {
        ("observations.csv", 2, "DATE"),
        ("observations.csv", 3, "PATIENT"),
        ("observations.csv", 4, "CODE"),
        ("observations.csv", 5, "VALUE"),
        ("observations.csv", 6, "PATIENT"),
        ("observations.csv", 7, "ENCOUNTER"),
        ("observations.csv", total + 2, None),
        ("observations.csv", total + 3, None),
    }
    assert report.rejected_total == 8
    assert report.counts["OBSERVATION"].inserted == total - 6
    everything = " ".join(map(str, report.rejected))
    for value in ("yesterday", "Smith", "a lot", STRANGER, "half"):
        assert value not in everything
    count = await fetch(migrated, "select count(*) from events where kind = 'OBSERVATION'")
    assert count[0][0] == total - 6


async def test_what_hangs_on_a_rejected_row_is_rejected_too(migrated: str, tmp_path: Path) -> None:
    rows = exports.some()
    patient = rows["patients.csv"][0]
    patient["BIRTHDATE"] = "1980-02-30"
    report = await import_synthea(migrated, exports.write(tmp_path / "export", rows))
    its_rows = sum(row.get("PATIENT") == patient["Id"] for listed in rows.values() for row in listed)
    studies = [row["Id"] for row in rows["imaging_studies.csv"] if row["PATIENT"] == patient["Id"]]
    assert report.rejected_total == 1 + its_rows - (len(studies) - len(set(studies)))
    assert not await fetch(migrated, "select from events where patient_id = $1", UUID(patient["Id"]))
    assert report.counts["patients"].inserted == len(rows["patients.csv"]) - 1


async def test_dates_at_the_edges_of_the_table(migrated: str, tmp_path: Path) -> None:
    rows = exports.some(5)
    for patient, day in zip(
        rows["patients.csv"], ("0001-01-01", "0001-01-02", "9999-12-29", "9999-12-30", ""), strict=True
    ):
        patient["BIRTHDATE"] = day
    rows["encounters.csv"][0] |= {"START": "0001-01-02T00:00:00Z", "STOP": "9999-12-30T23:59:59Z"}
    report = await import_synthea(migrated, exports.write(tmp_path / "export", rows))
    told = {(each.line, each.column) for each in report.rejected if each.file == "patients.csv"}
    assert told == {(2, "BIRTHDATE"), (5, "BIRTHDATE")}
    assert report.counts["patients"].inserted == 3


async def test_an_encounter_of_another_patient(migrated: str, tmp_path: Path) -> None:
    rows = exports.some()
    event = next(row for row in rows["procedures.csv"] if row["PATIENT"] != rows["encounters.csv"][0]["PATIENT"])
    event["ENCOUNTER"] = rows["encounters.csv"][0]["Id"]
    report = await import_synthea(migrated, exports.write(tmp_path / "export", rows))
    assert [(each.column, each.reason) for each in report.rejected] == [
        ("ENCOUNTER", "refers to an encounter of another patient")
    ]


@pytest.mark.parametrize(
    "name", ["organizations.csv", "providers.csv", "patients.csv", "encounters.csv", "careplans.csv"]
)
async def test_an_id_given_twice_is_one_row_and_one_rejection(migrated: str, tmp_path: Path, name: str) -> None:
    rows = exports.some(20)
    first = rows[name][0]
    rows[name].append({**first, "NAME": "other", "CITY": "other", "DESCRIPTION": "other"})
    report = await import_synthea(migrated, exports.write(tmp_path / "one", rows))
    assert [(each.file, each.column) for each in report.rejected] == [(name, "Id")]
    # Which of the two it is does not depend on the order of the rows.
    rows[name].reverse()
    assert (await import_synthea(migrated, exports.write(tmp_path / "two", rows))).changed == 0


async def test_an_id_or_mrn_that_is_anothers_in_the_database(migrated: str, tmp_path: Path) -> None:
    rows = exports.some(20)
    folder = exports.write(tmp_path / "export", rows)
    plan, patient = rows["careplans.csv"][0], rows["patients.csv"][0]
    other = next(row["Id"] for row in rows["patients.csv"] if row["Id"] != plan["PATIENT"])
    await fetch(migrated, "insert into patients (id, mrn) values ($1, $2)", UUID(STRANGER), patient["Id"])
    await fetch(
        migrated,
        "insert into patients (id) values ($1)",
        UUID(other),
    )
    await fetch(
        migrated,
        "insert into events (id, patient_id, kind, code_system, code, recorded_at)"
        " values ($1, $2, 'CARE_PLAN', 'urn:test', '1', now())",
        UUID(plan["Id"]),
        UUID(other),
    )
    report = await import_synthea(migrated, folder)
    reasons = {(each.file, each.reason) for each in report.rejected}
    assert ("patients.csv", "is the MRN of another patient in the database") in reasons
    if plan["PATIENT"] != patient["Id"]:
        assert ("careplans.csv", "is the id of another record in the database") in reasons
    kept = await fetch(migrated, "select patient_id from events where id = $1", UUID(plan["Id"]))
    assert kept[0][0] == UUID(other)


async def test_the_longest_values_go_in_and_longer_ones_take_no_batch_with_them(migrated: str, tmp_path: Path) -> None:
    rows = exports.some()
    # What no compression shortens.
    wide = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(500))
    rows["observations.csv"][0] |= {"CODE": wide[:64], "DESCRIPTION": wide, "VALUE": wide * 10, "TYPE": "text"}
    rows["observations.csv"][1] |= {"DESCRIPTION": wide + "x"}
    rows["observations.csv"][2] |= {"CODE": wide[:65]}
    rows["patients.csv"][0] |= {
        "FIRST": wide[:166],
        "LAST": wide[100:266],
        "CITY": wide[200:366],
        "STATE": wide[300:466],
    }
    report = await import_synthea(migrated, exports.write(tmp_path / "export", rows))
    assert {(each.line, each.column) for each in report.rejected} == {(3, "DESCRIPTION"), (4, "CODE")}
    assert report.counts["patients"].inserted == len(rows["patients.csv"])


async def test_characters_that_copy_would_mistake(migrated: str, tmp_path: Path) -> None:
    rows = exports.some()
    odd = "a\\b\tc \\N \\. é 😀 \u2028 'quoted' {\"x\": 1}"
    rows["observations.csv"][0] |= {"VALUE": odd.replace('"', ""), "TYPE": "text", "CODE": "1-1"}
    rows["patients.csv"][0] |= {"SSN": "back\\slash", "ADDRESS": "\\."}
    report = await import_synthea(migrated, exports.write(tmp_path / "export", rows))
    assert report.rejected_total == 0
    assert (await fetch(migrated, "select value_text from events where code = '1-1'"))[0][0] == odd.replace('"', "")
    found = await fetch(
        migrated, "select address_line, identifiers -> 2 ->> 'value' from patients where address_line = $1", "\\."
    )
    assert [tuple(row) for row in found] == [("\\.", "back\\slash")]


async def test_the_list_of_rejections_is_bounded(
    migrated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_module, "LISTED_REJECTIONS", 5)
    rows = exports.some()
    for row in rows["observations.csv"]:
        row["DATE"] = ""
    report = await import_synthea(migrated, exports.write(tmp_path / "export", rows))
    assert len(report.rejected) == 5
    assert report.rejected_total == len(rows["observations.csv"])


async def test_a_path_that_is_too_long_is_the_sources_fault(migrated: str, tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="too long"):
        await import_synthea(migrated, tmp_path / ("x" * 300))
