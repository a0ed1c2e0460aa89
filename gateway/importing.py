"""Imports with a progress bar, then the index: what spans records and search is put together here."""

from pathlib import Path

from elastic_transport import TransportError
from elasticsearch import ApiError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from db.pool import Database
from gateway.errors import CannotIndex
from gateway.services import search_client
from gateway.settings import StoreSettings
from ingest.errors import ImportFailed
from ingest.report import ImportReport, OnMerged, Phase
from ingest.synthea import import_synthea
from search.errors import FollowRunning, SearchError
from search.follower import TROUBLE, following
from search.indexer import Indexer

_LISTED = 50
_POOL = 4
_SECONDS = 60.0


async def import_and_report(settings: StoreSettings, source: Path) -> None:
    """Imports, indexes what changed, and prints what became of every row.

    Raises ImportFailed, CannotIndex when the records are in and the index is not complete, or DatabaseError.
    """
    console = Console()
    client = search_client(settings)
    database = await Database.connect(settings.database_url.get_secret_value(), size=_POOL, seconds=_SECONDS)
    try:
        if client is None:
            _print(console, await import_with_progress(settings, source, console))
        else:
            await _import_and_index(settings, source, console, Indexer(client, database, settings.search_prefix))
    finally:
        await database.close()
        if client is not None:
            await client.close()


async def _import_and_index(settings: StoreSettings, source: Path, console: Console, indexer: Indexer) -> None:
    try:
        async with following(indexer) as follower:
            try:
                report = await import_with_progress(settings, source, console, follower.follow)
            except ImportFailed:
                await follower.abandon()
                raise
            _print(console, report)
            try:
                with _bar(console) as bar:
                    await follower.finish(_Rebuilding(bar))
            except TROUBLE as error:
                raise CannotIndex(
                    "the records are imported, but the search index is not complete"
                    f" ({type(error).__name__}): run `anamnesis search rebuild` once Elasticsearch answers"
                ) from error
    except FollowRunning as error:
        raise CannotIndex(str(error)) from error


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
            await Indexer(client, database, settings.search_prefix).rebuild(_Rebuilding(bar))
    except (ApiError, TransportError) as error:
        raise CannotIndex(
            f"Elasticsearch does not answer as it should ({type(error).__name__}): check ANAMNESIS_ELASTICSEARCH_URL"
        ) from error
    except SearchError as error:
        raise CannotIndex(str(error)) from error
    finally:
        await database.close()
        await client.close()


class _Rebuilding:
    """Shows how far a rebuild is."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, index: str, done: int, total: int) -> None:
        if index not in self._tasks:
            self._tasks[index] = self._bar.add_task(f"indexing {index}", total=total)
        self._bar.update(self._tasks[index], completed=done, total=total)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=console,
    )


def _print(console: Console, report: ImportReport) -> None:
    table = Table("", "new", "changed", "unchanged", title="Imported")
    for name, count in report.counts.items():
        table.add_row(name, *(f"{number:,}" for number in (count.inserted, count.updated, count.unchanged)))
    table.caption = f"{report.rejected_total:,} rows not imported"
    console.print(table)
    seconds = sum(report.seconds.values())
    console.print(
        f"{report.events:,} events in {seconds:.1f} s: {report.events / seconds:,.0f} events/s", highlight=False
    )
    if report.absent:
        console.print(f"not in the source: {', '.join(report.absent)}", highlight=False, soft_wrap=True)
    for rejection in report.rejected[:_LISTED]:
        console.print(f"not imported: {rejection}", highlight=False, markup=False)
    if report.rejected_total > _LISTED:
        console.print(f"... and {report.rejected_total - _LISTED:,} more")
