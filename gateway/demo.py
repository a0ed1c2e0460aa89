"""The demo: every part on this machine, the sample's patients, one command, Ctrl-C to end it."""

import asyncio
import hashlib
import os
import secrets
import signal
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from elastic_transport import TransportError
from elasticsearch import ApiError, AsyncElasticsearch
from pydantic import SecretStr
from rich.console import Console
from starlette.applications import Starlette

from db.errors import DatabaseError
from db.patients import PATIENTS_BY_MRN
from db.pool import Database
from embedded.errors import DataNotWritable
from embedded.files import write_private
from embedded.parts import Parts
from gateway import logs, serve
from gateway.importing import import_with_progress
from gateway.services import Open, migrate_database, search_client
from gateway.settings import Settings, variable
from search.errors import SearchError
from search.indexer import Indexer
from search.indices import HISTORY_INDEX, PATIENT_INDEX, Index

_SAMPLE: Final = Path(__file__).parents[1] / "examples" / "sample" / "synthea-110.tar.zst"
# The patient of the sample with the most events.
_PATIENT_NAME: Final = "Columbus656 Kunde533"
_PATIENT_MRN: Final = "8051e24f-bc54-22da-6b4e-6d6bd539e15d"
_QUERY: Final = (
    "query ($mrn: String!) { patient(mrn: $mrn) { name { full } birthDate "
    "history(first: 20) { nodes { kind recordedAt code { display } } } } }"
)


def run(port: int, data: Path) -> None:
    """Runs the demo on 127.0.0.1 until Ctrl-C.

    Raises EmbeddedError, CannotListen, BadSettings, DatabaseError or ImportFailed, with nothing left running.
    """
    console = Console()
    logs.configure("warning")
    _check(port)
    # Until the server takes the signals over, both of them unwind what was started.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with serve.listen("127.0.0.1", port) as listener:
        console.print(f"Starting PostgreSQL, Valkey and Elasticsearch; their data is in {data}/")
        with Parts.start(
            data,
            postgres_url=os.environ.get(variable("database_url")) or None,
            redis_url=os.environ.get(variable("redis_url")) or None,
            elasticsearch_url=os.environ.get(variable("elasticsearch_url")) or None,
        ) as parts:
            parts.write_env(data / "demo.env")
            if parts.elasticsearch_url is None:
                console.print(f"[yellow]Search runs on PostgreSQL:[/] {parts.elasticsearch_missing}")
            settings = Settings.read(
                database_url=SecretStr(parts.postgres_url),
                redis_url=SecretStr(parts.redis_url),
                elasticsearch_url=SecretStr(parts.elasticsearch_url) if parts.elasticsearch_url else None,
                cursor_key=_cursor_key(data / "cursor.key"),
                host="127.0.0.1",
                port=port,
                log_level=os.environ.get(variable("log_level")) or "warning",
            )
            asyncio.run(_fill(settings, data, console))

            async def beside(app: Starlette) -> None:
                _welcome(console, port)
                await _index(app.state.open, settings, data, console)

            serve.serve(settings, listener, beside)
    console.print("Stopped.")


def _check(port: int) -> None:
    """Raises BadSettings for what is set, before anything starts; what the demo will set itself is made up."""
    made_up = {
        "database_url": "postgresql://127.0.0.1/anamnesis",
        "redis_url": "redis://127.0.0.1/0",
        "cursor_key": "-" * 32,
    }
    given = {name: SecretStr(value) for name, value in made_up.items() if not os.environ.get(variable(name))}
    Settings.read(host="127.0.0.1", port=port, **given)


async def _fill(settings: Settings, data: Path, console: Console) -> None:
    """Migrates, and imports the sample unless the database has it."""
    await migrate_database(settings)
    done = _Mark(data / "imported")
    if done and await _has_sample(settings):
        return
    console.print("Importing the sample.")
    _Mark(data / "indexed").unset()
    # Marked when it is complete: an import that was cut short is repeated, which changes nothing that is there.
    await import_with_progress(settings, _SAMPLE, console)
    done.set()


async def _has_sample(settings: Settings) -> bool:
    database = await Database.connect(settings.database_url.get_secret_value(), size=1)
    try:
        return bool(await database.fetch(PATIENTS_BY_MRN, {"mrns": [_PATIENT_MRN]}))
    finally:
        await database.close()


async def _index(opened: Open, settings: Settings, data: Path, console: Console) -> None:
    client = search_client(settings)
    if client is None:
        return
    try:
        done = _Mark(data / "indexed")
        if not (done and await _has_indices(client, settings.search_prefix)):
            console.print("Indexing for search in the background; until it is done, PostgreSQL answers searches.")
            await Indexer(client, opened.database, settings.search_prefix).rebuild()
            done.set()
            console.print("The search index is complete.")
    except (ApiError, TransportError, SearchError, DatabaseError) as error:
        console.print(f"[yellow]The index could not be built ({type(error).__name__}):[/] PostgreSQL answers searches.")
    finally:
        await client.close()


async def _has_indices(client: AsyncElasticsearch, prefix: str) -> bool:
    indices = [Index(client, prefix, kind) for kind in (PATIENT_INDEX, HISTORY_INDEX)]
    return all([index.alias in await index.targets() for index in indices])


class _Mark:
    """A file that says that a step was completed with this sample.

    Whether it still holds is asked from the server that it was done on, whose data may have been deleted since.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._text = hashlib.sha256(_SAMPLE.read_bytes()).hexdigest()

    def __bool__(self) -> bool:
        return self._file.is_file() and self._file.read_text() == self._text

    def set(self) -> None:
        write_private(self._file, self._text)

    def unset(self) -> None:
        self._file.unlink(missing_ok=True)


def _cursor_key(file: Path) -> SecretStr:
    """The demo's own secret, made on its first start so that cursors survive a restart."""
    given = os.environ.get(variable("cursor_key"))
    if given:
        return SecretStr(given)
    try:
        if not file.exists():
            write_private(file, secrets.token_urlsafe(48))
        return SecretStr(file.read_text())
    except OSError as error:
        raise DataNotWritable(file, error.strerror or str(error)) from error


def _welcome(console: Console, port: int) -> None:
    url = f"http://127.0.0.1:{port}/graphql"
    asked = urlencode({"query": _QUERY, "variables": f'{{"mrn": "{_PATIENT_MRN}"}}'})
    console.print(f"\n[bold green]Anamnesis is ready:[/] {url}\n")
    console.print(f"A patient to try: {_PATIENT_NAME}, MRN {_PATIENT_MRN}")
    console.print("In GraphiQL, with a query filled in:")
    console.print(f"{url}?{asked}\n", soft_wrap=True, highlight=False)
    console.print("Ctrl-C stops it.")
