"""The same records in other forms: folder and archives, other columns and orders, both spellings of SYSTEM."""

import gzip
import io
import random
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from ingest.errors import SourceUnreadable
from ingest.synthea import import_synthea
from tests.integration.ingest import exports
from tests.integration.ingest.exports import contents


def members(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def tar_of(folder: Path, order: list[Path]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in order:
            archive.add(path, arcname=str(path.relative_to(folder.parent)))
    return packed.getvalue()


async def test_folder_and_archives_give_the_same_rows_whatever_comes_first(
    migrated: str, export: Path, tmp_path: Path
) -> None:
    await import_synthea(migrated, export)
    expected = await contents(migrated)
    assert len(expected["events"]) > 100
    # Children before their parents, as in Synthea's own order.
    order = members(export)
    assert order[0].name == "allergies.csv"
    packed = tar_of(export, order)
    (tmp_path / "a.tar.zst").write_bytes(zstandard.compress(packed))
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(packed))
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in order:
            archive.write(path)
    for name in ("a.tar.zst", "a.tar.gz", "a.zip"):
        await exports.fetch(
            migrated, "truncate patients, encounters, events, organizations, practitioners, concepts cascade"
        )
        report = await import_synthea(migrated, tmp_path / name)
        assert report.changed > 0
        assert await contents(migrated) == expected


async def test_neither_order_nor_unused_columns_nor_the_spelling_of_system_matters(
    migrated: str, export: Path, tmp_path: Path
) -> None:
    await import_synthea(migrated, export)
    expected = await contents(migrated)
    shuffle = random.Random(42).shuffle
    rows = exports.some()
    for listed in rows.values():
        shuffle(listed)
        for row in listed:
            if row.get("SYSTEM") == "SNOMED-CT":
                row["SYSTEM"] = "http://snomed.info/sct"

    def columns(header: list[str]) -> list[str]:
        shuffled = [*header, "UNUSED", "BASE_COST"]
        shuffle(shuffled)
        return shuffled

    report = await import_synthea(migrated, exports.write(tmp_path / "other", rows, columns))
    assert report.changed == 0
    assert await contents(migrated) == expected


async def test_a_used_column_that_is_missing_stops_the_import(migrated: str, tmp_path: Path) -> None:
    folder = exports.write(tmp_path / "export", exports.some(), lambda header: [c for c in header if c != "ENCOUNTER"])
    with pytest.raises(SourceUnreadable, match=r"\.csv has no column ENCOUNTER"):
        await import_synthea(migrated, folder)
    assert not any((await contents(migrated)).values())


async def test_a_file_that_is_missing_is_told(migrated: str, export: Path) -> None:
    (export / "devices.csv").unlink()
    report = await import_synthea(migrated, export)
    assert report.absent == ("devices.csv",)
    assert report.rejected_total == 0
    assert report.counts["DEVICE"].total == 0


async def test_without_patients_nothing_is_imported(migrated: str, export: Path) -> None:
    (export / "patients.csv").unlink()
    with pytest.raises(SourceUnreadable, match=r"no patients\.csv"):
        await import_synthea(migrated, export)
    assert not any((await contents(migrated)).values())


async def test_an_archive_cut_short_imports_nothing(migrated: str, export: Path, tmp_path: Path) -> None:
    packed = gzip.compress(tar_of(export, members(export)[::-1]))
    (tmp_path / "a.tar.gz").write_bytes(packed[: len(packed) * 9 // 10])
    with pytest.raises(SourceUnreadable):
        await import_synthea(migrated, tmp_path / "a.tar.gz")
    assert not any((await contents(migrated)).values())
