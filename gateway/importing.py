"""Imports with a progress bar, then the index: what spans records and search is put together here."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from elastic_transport import TransportError
from elasticsearch import ApiError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from db.pool import Database
from gateway.errors import CannotIndex
from gateway.services import search_client
from gateway.settings import StoreSettings
from ingest.report import ImportReport, OnMerged, Phase
from ingest.synthea import import_synthea
from search.errors import SearchError
from search.indexer import Indexer

_LISTED = 50
_POOL = 4
_SECONDS = 60.0


async def import_and_report(settings: StoreSettings, source: Path) -> None:
    """Imports, indexes what changed, and prints what became of every row. Raises ImportFailed or DatabaseError."""
    console = Console()
    client = search_client(settings)
    database = await Database.connect(settings.database_url.get_secret_value(), size=_POOL, seconds=_SECONDS)
    try:
        index = _Index(Indexer(client, database, settings.search_prefix)) if client is not None else None
        report = await import_with_progress(settings, source, console, index)
    finally:
        await database.close()
        if client is not None:
            await client.close()
    console.print(_summary(report))
    for rejection in report.rejected[:_LISTED]:
        console.print(f"not imported: {rejection}", highlight=False, markup=False)
    if report.rejected_total > _LISTED:
        console.print(f"... and {report.rejected_total - _LISTED} more")
    if index is not None and index.failed:
        console.print("The index could not follow: run `anamnesis search rebuild` once Elasticsearch answers.")


async def import_with_progress(
    settings: StoreSettings, source: Path, console: Console, on_merged: OnMerged | None = None
) -> ImportReport:
    """Imports into the settings' database and shows how far it is."""
    with _bar(console) as bar:
        tasks: dict[Phase, TaskID] = {}

        def progress(phase: Phase, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(f"{phase.value} {source.name}", total=total)
            bar.update(tasks[phase], completed=done, total=total)

        url = settings.database_url.get_secret_value()
        return await import_synthea(url, source, progress=progress, on_merged=on_merged)


async def rebuild_and_report(settings: StoreSettings) -> None:
    """Rebuilds the index and shows how far it is. Raises CannotIndex or DatabaseError."""
    console = Console()
    client = search_client(settings)
    if client is None:
        console.print(
            "ANAMNESIS_ELASTICSEARCH_URL is not set: PostgreSQL answers searches, there is no index to build."
        )
        return
    database = await Database.connect(settings.database_url.get_secret_value(), size=_POOL, seconds=_SECONDS)
    try:
        with _bar(console) as bar:
            tasks: dict[str, TaskID] = {}

            def progress(index: str, done: int, total: int) -> None:
                if index not in tasks:
                    tasks[index] = bar.add_task(f"indexing {index}", total=total)
                bar.update(tasks[index], completed=done, total=total)

            await Indexer(client, database, settings.search_prefix).rebuild(progress)
    except (ApiError, TransportError) as error:
        raise CannotIndex(
            f"Elasticsearch does not answer as it should ({type(error).__name__}): check ANAMNESIS_ELASTICSEARCH_URL"
        ) from error
    except SearchError as error:
        raise CannotIndex(str(error)) from error
    finally:
        await database.close()
        await client.close()


class _Index:
    """Follows an import batch by batch; gives up at the first failure, for the records matter more."""

    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self.failed = False

    async def __call__(self, table: str, ids: Sequence[UUID]) -> None:
        if self.failed:
            return
        try:
            if table == "patients":
                await self._indexer.index_patients(ids)
            elif table == "events":
                await self._indexer.index_events(ids)
        except (ApiError, TransportError, SearchError):
            self.failed = True


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=console,
    )


def _summary(report: ImportReport) -> Table:
    table = Table("", "new", "changed", "unchanged", title="Imported")
    for name, count in report.counts.items():
        table.add_row(name, *(f"{number:,}" for number in (count.inserted, count.updated, count.unchanged)))
    table.caption = f"{report.rejected_total:,} rows not imported"
    return table
