"""Imports an export of Synthea's CSV: reads all of it into staging tables, then merges, parents first.

Archives list children before their parents, so nothing can be merged before everything was read. Memory is bounded by
two blocks of rows while reading and one batch of ids while merging.
"""

import asyncio
from collections.abc import Generator
from itertools import groupby
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from db.staging import Fault, Stage, encode
from db.staging_session import MERGERS, Staging
from ingest.archive import Source
from ingest.errors import ImportRunning, SourceUnreadable
from ingest.event_ids import event_id
from ingest.lines import BadLine, Table
from ingest.report import Count, ImportReport, OnMerged, Phase, Progress, Rejection
from ingest.synthea_files import FILES, SourceFile
from ingest.values import BadValue

if TYPE_CHECKING:
    from asyncpg import Record

BLOCK_ROWS = 10_000
BATCH_ROWS = 10_000

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
        # Whether the id is the source's own.
        self.ids_given = "Id" in file.reads
        self.stage = Stage(file.name, file.table, file.writes, file.kind, ids_given=self.ids_given)
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
    # Before there is a session, so that what is wrong with a file is not taken for the database's fault.
    opened = Source(source)
    async with Staging.open(database_url) as staging:
        if staging is None:
            raise ImportRunning
        started = monotonic()
        staged = await _read(opened, staging, report, tell)
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
        block = await _next(blocks)
        while block is not None:
            into = staged[block.file.name]
            into.rows += block.size
            into.end = block.end
            following = asyncio.create_task(_next(blocks))
            try:
                await staging.copy(into.stage, block.rows)
            finally:
                await asyncio.wait((following,))
            block = following.result()
            tell(Phase.READING, source.read, source.size)
    finally:
        blocks.close()
    if "patients.csv" not in found:
        raise SourceUnreadable("there is no patients.csv: give the folder or archive of Synthea's CSV files")
    report.absent = tuple(file.file for file in FILES if file.file not in found)
    return list(staged.values())


async def _next(blocks: Generator[_Block]) -> _Block | None:
    """Parses the next block in a thread, and waits for that thread even when cancelled: it holds the source."""
    parsing = asyncio.create_task(asyncio.to_thread(next, blocks, None))
    try:
        return await asyncio.shield(parsing)
    finally:
        await asyncio.wait((parsing,))


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
    merge = _Merge(staging, report, tell, on_merged, sum(each.rows for each in staged))
    for _, of_table in groupby(staged, lambda each: each.file.table):
        await merge.table(list(of_table))
    if report.changed:
        await staging.analyze()


class _Merge:
    """Merges staged files, several batches of one table at a time."""

    def __init__(
        self, staging: Staging, report: ImportReport, tell: Progress, on_merged: OnMerged | None, total: int
    ) -> None:
        self._staging = staging
        self._report = report
        self._tell = tell
        self._on_merged = on_merged
        self._telling = asyncio.Lock()
        self._total = total
        self._done = 0

    async def table(self, files: list[_Staged]) -> None:
        for staged in files:
            taken = await _tell_apart(staged, self._staging, self._report)
            self._report.counts[staged.file.kind or staged.file.table] = Count(unchanged=staged.rows - taken)
        batches = ((staged, first) for staged in files for first in range(0, staged.end, BATCH_ROWS))

        async def merge_next() -> None:
            for staged, first in batches:
                await self._batch(staged, first)
                step = min(BATCH_ROWS, staged.rows)
                staged.rows -= step
                self._done += step
                self._tell(Phase.MERGING, self._done, self._total)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(MERGERS):
                    group.create_task(merge_next())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _batch(self, staged: _Staged, first: int) -> None:
        count = self._report.counts[staged.file.kind or staged.file.table]
        lines = (first, first + BATCH_ROWS)
        faults = await self._staging.faults(staged.stage, *lines)
        for line, fault in faults:
            column, reason = _FAULTS[fault]
            self._report.reject(Rejection(staged.file.file, line, reason, column))
        if faults:
            await self._staging.drop(staged.stage, [line for line, _ in faults])
        inserted, updated = await self._staging.merge(staged.stage, *lines)
        count.inserted += len(inserted)
        count.updated += len(updated)
        count.unchanged -= len(faults) + len(inserted) + len(updated)
        if self._on_merged is not None and (inserted or updated):
            async with self._telling:
                await self._on_merged(staged.file.table, [*inserted, *updated])


async def _tell_apart(each: _Staged, staging: Staging, report: ImportReport) -> int:
    """Gives every staged row an id of its own; returns how many rows had to be taken out for that.

    Equal events are told apart by their ordinal. The rows of an imaging study are folded. Where the id is the source's
    own, one row has it and the others are rejected.
    """
    taken = 0
    async with staging.repeats(each.stage) as pages:
        async for page in pages:
            lines = [row["line"] for row in page]
            if not each.ids_given:
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
