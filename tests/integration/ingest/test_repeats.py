"""Importing again: after nothing, after a change, after a kill, and beside another import."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from db.errors import DatabaseError, DatabaseUnavailable
from ingest import synthea as importer
from ingest.errors import ImportRunning
from ingest.report import ImportReport, Phase
from ingest.synthea import import_synthea
from tests import synthea
from tests.integration.ingest import exports
from tests.integration.ingest.exports import contents, fetch


async def test_a_second_import_changes_nothing(imported: tuple[str, ImportReport]) -> None:
    url = imported[0]
    version = "select xmin::text, ctid::text from events order by id"
    before = await fetch(url, version)
    report = await import_synthea(url, synthea.SAMPLE)
    assert report.changed == 0
    assert report.events == 99_894
    assert await fetch(url, version) == before


async def test_a_change_updates_that_row_alone_and_leaves_what_the_source_does_not_know(
    migrated: str, tmp_path: Path
) -> None:
    rows = exports.some()
    await import_synthea(migrated, exports.write(tmp_path / "one", rows))
    await fetch(migrated, "update events set retracted = true")
    open_condition = next(row for row in rows["conditions.csv"] if not row["STOP"])
    open_condition["STOP"] = "2023-12-31"
    rows["patients.csv"][0]["CITY"] = "Salem"
    merged: list[tuple[str, list[UUID]]] = []

    async def on_merged(table: str, ids: Sequence[UUID]) -> None:
        merged.append((table, list(ids)))

    report = await import_synthea(migrated, exports.write(tmp_path / "two", rows), on_merged=on_merged)
    assert (report.counts["CONDITION"].inserted, report.counts["CONDITION"].updated) == (0, 1)
    assert (report.counts["patients"].updated, report.changed) == (1, 2)
    assert [table for table, _ in merged] == ["patients", "events"]
    ended = await fetch(migrated, "select id, retracted from events where ended_at = '2023-12-31Z'")
    assert [tuple(row) for row in ended] == [(merged[1][1][0], True)]


async def test_equal_rows_are_events_of_their_own(migrated: str, tmp_path: Path) -> None:
    rows = exports.some()
    twin = rows["observations.csv"][0]
    rows["observations.csv"] += [dict(twin), dict(twin), {**twin, "VALUE": "1", "TYPE": "numeric"}]
    folder = exports.write(tmp_path / "export", rows)
    report = await import_synthea(migrated, folder)
    assert report.counts["OBSERVATION"].inserted == len(rows["observations.csv"])
    rows["observations.csv"].reverse()
    assert (await import_synthea(migrated, exports.write(folder, rows))).changed == 0


async def test_progress_and_ids_tell_all(migrated: str, export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "BATCH_ROWS", 10)
    monkeypatch.setattr(importer, "BLOCK_ROWS", 7)
    told: list[tuple[Phase, int, int]] = []
    merged: dict[str, list[UUID]] = {}
    calling = 0

    async def on_merged(table: str, ids: Sequence[UUID]) -> None:
        nonlocal calling
        calling += 1
        assert calling == 1
        assert len(ids) <= 10
        await asyncio.sleep(0)
        merged.setdefault(table, []).extend(ids)
        calling -= 1

    await import_synthea(migrated, export, progress=lambda *step: told.append(step), on_merged=on_merged)
    for phase in Phase:
        steps = [(done, total) for told_phase, done, total in told if told_phase is phase]
        assert steps == sorted(steps)
        assert steps[-1][0] == steps[-1][1] > 0
    for table, ids in merged.items():
        assert sorted(ids) == [row[0] for row in await fetch(migrated, f"select id from {table} order by id")]
    assert set(merged) == {"organizations", "practitioners", "patients", "encounters", "events"}


async def test_killed_midway_and_repeated(migrated: str, imported: tuple[str, ImportReport]) -> None:
    program = f"""
import asyncio, pathlib
from ingest.synthea import import_synthea

async def on_merged(table, ids):
    print(table, flush=True)

asyncio.run(import_synthea({migrated!r}, pathlib.Path({str(synthea.SAMPLE)!r}), on_merged=on_merged))
"""
    for kill_at in (b"patients", b"events"):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        assert child.stdout is not None
        async with asyncio.timeout(120):
            while kill_at not in (line := await child.stdout.readline()):
                assert line
            child.send_signal(signal.SIGKILL)
            await child.wait()
    halfway = await fetch(migrated, "select count(*) from events")
    assert halfway[0][0] < 99_894
    report = await import_synthea(migrated, synthea.SAMPLE)
    assert report.counts["patients"].unchanged == 110
    assert report.events == 99_894
    assert await contents(migrated) == await contents(imported[0])
    assert not await fetch(migrated, "select from pg_namespace where nspname = 'anamnesis_import'")


async def test_a_schema_of_somebody_elses_called_staging_stays(migrated: str, export: Path) -> None:
    await fetch(migrated, "create schema staging")
    await fetch(migrated, "create table staging.theirs as select 1 as one")
    await import_synthea(migrated, export)
    assert len(await fetch(migrated, "select from staging.theirs")) == 1


async def test_one_import_at_a_time(migrated: str, export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.staging_session._LOCK_SECONDS", 1.0)
    running, finish = asyncio.Event(), asyncio.Event()

    async def on_merged(table: str, ids: Sequence[UUID]) -> None:
        running.set()
        await finish.wait()

    first = asyncio.create_task(import_synthea(migrated, export, on_merged=on_merged))
    await asyncio.wait_for(running.wait(), 30)
    with pytest.raises(ImportRunning):
        await import_synthea(migrated, export)
    finish.set()
    assert (await first).changed > 0


async def test_a_cancelled_import_is_over_at_once(migrated: str, export: Path) -> None:
    running = asyncio.Event()

    async def on_merged(table: str, ids: Sequence[UUID]) -> None:
        running.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(import_synthea(migrated, export, on_merged=on_merged))
    await asyncio.wait_for(running.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)
    assert (await import_synthea(migrated, export)).rejected_total == 0


async def test_a_server_that_goes_away_is_a_typed_error(migrated: str, export: Path) -> None:
    async def on_merged(table: str, ids: Sequence[UUID]) -> None:
        with contextlib.suppress(asyncpg.PostgresError):
            await fetch(
                migrated,
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and application_name = 'anamnesis import'",
            )

    with pytest.raises(DatabaseUnavailable):
        await import_synthea(migrated, export, on_merged=on_merged)
    assert (await import_synthea(migrated, export)).rejected_total == 0


async def test_no_server_is_a_typed_error(export: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        await import_synthea("postgresql://nobody@127.0.0.1:1/nothing", export)


async def test_a_database_that_is_not_migrated_is_told(database: str, export: Path) -> None:
    with pytest.raises(DatabaseError, match="anamnesis migrate"):
        await import_synthea(database, export)


async def test_cancelled_while_reading(migrated: str, export: Path) -> None:
    task = asyncio.create_task(import_synthea(migrated, synthea.SAMPLE))
    async with asyncio.timeout(30):
        while not await fetch(migrated, "select from pg_class where relname = 'patients' and relpersistence = 'u'"):
            assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)
    assert (await import_synthea(migrated, export)).rejected_total == 0


async def test_imaging_keeps_its_displays_without_procedures(migrated: str, tmp_path: Path) -> None:
    rows = exports.some(20)
    displays = "select id, display from events where kind = 'IMAGING' order by id"
    await import_synthea(migrated, exports.write(tmp_path / "one", rows))
    before = await fetch(migrated, displays)
    assert any(row["display"] for row in before)
    del rows["procedures.csv"]
    report = await import_synthea(migrated, exports.write(tmp_path / "two", rows))
    assert report.absent == ("procedures.csv",)
    assert report.changed == 0
    assert await fetch(migrated, displays) == before
