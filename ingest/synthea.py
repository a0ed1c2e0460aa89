"""Imports an export of Synthea's CSV: reads all of it into staging tables, then merges, parents first.

Archives list children before their parents, so nothing can be merged before everything was read. Memory is bounded by
two blocks of rows while reading and one batch of ids while merging.
"""

import asyncio
from collections.abc import Generator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from db.staging import Fault, Stage, encode
from db.staging_session import Staging
from ingest.archive import Source
from ingest.errors import ImportRunning, SourceUnreadable
from ingest.event_ids import event_id
from ingest.lines import BadLine, Table
from ingest.report import Count, ImportReport, OnMerged, Phase, Progress, Rejection
from ingest.synthea_files import FILES, SourceFile
from ingest.values import BadValue

if TYPE_CHECKING:
    from asyncpg import Record

BLOCK_ROWS = 20_000
BATCH_ROWS = 50_000

_FAULTS = {
    Fault.NO_PATIENT: ("PATIENT", "refers to a patient that is not there"),
    Fault.NO_ENCOUNTER: ("ENCOUNTER", "refers to an encounter that is not there"),
    Fault.FOREIGN_ENCOUNTER: ("ENCOUNTER", "refers to an encounter of another patient"),
    Fault.NO_ORGANIZATION: ("ORGANIZATION", "refers to an organization that is not there"),
    Fault.NO_PRACTITIONER: ("PROVIDER", "refers to a provider that is not there"),
    Fault.FOREIGN_ID: ("Id", "is the id of another record in the database"),
    Fault.FOREIGN_MRN: ("Id", "is the MRN of another patient in the database"),
}


class _Block(NamedTuple):
    """Rows of one file, as they are copied; `end` is the line after the last one."""

    file: SourceFile
    rows: bytes
    size: int
    end: int


class _Staged:
    """What one file brought."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.stage = Stage(file.name, file.table, file.writes, file.kind)
        self.rows = 0
        self.end = 0


async def import_synthea(
    database_url: str, source: Path, *, progress: Progress | None = None, on_merged: OnMerged | None = None
) -> ImportReport:
    """Brings a folder or archive of Synthea's CSV files into a migrated database.

    Repeating it changes nothing; after a kill it completes what is missing. Rows that cannot be read, or refer to what
    is not there, stand in the report. Raises ImportFailed for a source that cannot be read at all, before anything is
    merged, and for a second import at the same time; DatabaseUnavailable when PostgreSQL does not answer.
    """
    tell = progress or (lambda phase, done, total: None)
    report = ImportReport()
    async with Staging.open(database_url) as staging:
        if not await staging.lock():
            raise ImportRunning
        started = monotonic()
        staged = await _read(Source(source), staging, report, tell)
        report.seconds[Phase.READING] = monotonic() - started
        started = monotonic()
        await _merge(staged, staging, report, tell, on_merged)
        report.seconds[Phase.MERGING] = monotonic() - started
    return report


async def _read(source: Source, staging: Staging, report: ImportReport, tell: Progress) -> list[_Staged]:
    """Stages every file; parsing the next block and copying the last one overlap."""
    staged = {file.name: _Staged(file) for file in FILES}
    found: set[str] = set()
    for each in staged.values():
        await staging.create(each.stage)
    blocks = _blocks(source, report, found)
    try:
        block = await asyncio.to_thread(next, blocks, None)
        while block is not None:
            into = staged[block.file.name]
            into.rows += block.size
            into.end = block.end
            following = asyncio.create_task(asyncio.to_thread(next, blocks, None))
            try:
                await staging.copy(into.stage, block.rows)
            finally:
                # A thread cannot be cancelled, and the source stays open for as long as it reads.
                await asyncio.wait((following,))
            block = following.result()
            tell(Phase.READING, source.read, source.size)
    finally:
        blocks.close()
    if "patients.csv" not in found:
        raise SourceUnreadable("there is no patients.csv: give the folder or archive of Synthea's CSV files")
    report.absent = tuple(file.file for file in FILES if file.file not in found)
    return list(staged.values())


def _blocks(source: Source, report: ImportReport, found: set[str]) -> Generator[_Block]:
    by_name = {file.file: file for file in FILES}
    for name, content in source.files(frozenset(by_name)):
        found.add(name)
        file = by_name[name]
        rows: list[tuple[str, ...]] = []
        line = 0
        for line, cells in Table(name, content, file.reads).rows():
            try:
                if isinstance(cells, BadLine):
                    raise cells
                rows.append((str(line), *file.row(*cells)))
            except BadLine as fault:
                report.reject(Rejection(name, line, str(fault)))
            except BadValue as fault:
                report.reject(Rejection(name, line, fault.reason, fault.column))
            if len(rows) >= BLOCK_ROWS:
                yield _Block(file, encode(rows), len(rows), line + 1)
                rows.clear()
        if rows:
            yield _Block(file, encode(rows), len(rows), line + 1)


async def _merge(
    staged: list[_Staged], staging: Staging, report: ImportReport, tell: Progress, on_merged: OnMerged | None
) -> None:
    stages = {each.file.name: each.stage for each in staged}
    for each in staged:
        await staging.settle(each.stage)
    await staging.name_imaging(stages["imaging_studies"], stages["procedures"])
    total = sum(each.rows for each in staged)
    done = 0
    for each in staged:
        taken = await _tell_apart(each, staging, report)
        count = report.counts[each.file.kind or each.file.table] = Count()
        for first in range(0, each.end, BATCH_ROWS):
            batch = (first, first + BATCH_ROWS)
            faults = await staging.faults(each.stage, *batch)
            for line, fault in faults:
                column, reason = _FAULTS[fault]
                report.reject(Rejection(each.file.file, line, reason, column))
            if faults:
                await staging.drop(each.stage, [line for line, _ in faults])
                taken += len(faults)
            inserted, updated = await staging.merge(each.stage, *batch)
            count.inserted += len(inserted)
            count.updated += len(updated)
            if on_merged is not None and (inserted or updated):
                await on_merged(each.file.table, [*inserted, *updated])
            tell(Phase.MERGING, done + min(first + BATCH_ROWS, each.rows), total)
        done += each.rows
        count.unchanged = each.rows - taken - count.inserted - count.updated


async def _tell_apart(each: _Staged, staging: Staging, report: ImportReport) -> int:
    """Gives every staged row an id of its own; returns how many rows had to be taken out for that.

    Equal events are told apart by their ordinal. The rows of an imaging study are folded. Where the id is the source's
    own, one row has it and the others are rejected.
    """
    taken = 0
    async with staging.repeats(each.stage) as pages:
        async for page in pages:
            lines = [row["line"] for row in page]
            if "Id" not in each.file.reads:
                await staging.renumber(each.stage, [(row["line"], _id_of(row, each.file.kind)) for row in page])
                continue
            await staging.drop(each.stage, lines)
            taken += len(lines)
            if each.file.kind != "IMAGING":
                for line in lines:
                    report.reject(Rejection(each.file.file, line, "is the id of another row, too", "Id"))
    return taken


def _id_of(row: "Record", kind: str) -> str:
    return event_id(
        kind,
        str(row["patient_id"]),
        str(row["encounter_id"] or ""),
        row["code"],
        row["recorded_at"].isoformat().replace("+00:00", "Z"),
        row["day_only"],
        ordinal=row["place"] - 1,
    )
