"""The command line. What a command needs is imported when it runs, so that help and wrong settings are quick."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

app = typer.Typer(
    name="anamnesis",
    help="A GraphQL gateway over hospital records: what happened to this patient?\n\n"
    "[bold]anamnesis demo[/] needs nothing set up and is the place to begin. All other commands read their settings "
    "from ANAMNESIS_* variables; a running demo writes the addresses of its parts to .demo/demo.env.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)
imports = typer.Typer(help="Bring records in.", no_args_is_help=True)
search = typer.Typer(help="The search index.", no_args_is_help=True)
schemas = typer.Typer(help="The GraphQL schema.", no_args_is_help=True)
app.add_typer(imports, name="import")
app.add_typer(search, name="search")
app.add_typer(schemas, name="schema")


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Ends the command with one line where a user can do something about it: 2 for settings, 1 for the rest."""
    from db.errors import DatabaseError
    from embedded.errors import EmbeddedError
    from gateway.errors import CannotIndex, CannotListen
    from gateway.settings import BadSettings
    from ingest.errors import ImportFailed

    try:
        yield
    except BadSettings as error:
        _fail(error.lines, 2)
    except (CannotIndex, CannotListen, DatabaseError, EmbeddedError, ImportFailed) as error:
        _fail([str(error)], 1)
    except KeyboardInterrupt:
        _fail(["stopped"], 130)


def _fail(lines: list[str], status: int) -> None:
    for line in lines:
        sys.stderr.write(f"anamnesis: {line}\n")
    raise typer.Exit(status)


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to serve on.")] = 8000,
    data: Annotated[Path, typer.Option(help="The folder that keeps the demo's data.")] = Path(".demo"),
) -> None:
    """Start everything on this machine, with the records of 110 synthetic patients.

    PostgreSQL, Valkey and Elasticsearch are started too, unless their ANAMNESIS_*_URL is set. Ctrl-C stops it all; the
    data stays for the next start.
    """
    from gateway.demo import run

    with one_line_errors():
        run(port, data)


class _WithSettings(TyperCommand):
    """A command whose help lists the settings, loaded only when that help is asked for."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from gateway.settings import Settings, variable

        lines = [self.help or "", "Settings, by environment variables:"]
        for name, field in Settings.model_fields.items():
            default = "required" if field.is_required() else f"{field.default}" if field.default else "optional"
            lines.append(f"[bold]{variable(name)}[/] [dim]({default})[/] {field.description}")
        self.help = "\n\n".join(lines)
        super().format_help(ctx, formatter)


@app.command(cls=_WithSettings)
def serve() -> None:
    """Serve the records of a migrated database."""
    from gateway.settings import Settings

    with one_line_errors():
        settings = Settings.read()
        from gateway import serve as server

        listener = server.listen(settings.host, settings.port)
        server.serve(settings, listener)


@app.command()
def migrate() -> None:
    """Bring the database of ANAMNESIS_DATABASE_URL to the tables of this release. Safe to repeat."""
    import asyncio

    from rich.console import Console

    from db.migrate import newest_revision
    from gateway.services import migrate_database
    from gateway.settings import StoreSettings

    with one_line_errors():
        asyncio.run(migrate_database(StoreSettings.read()))
        Console().print(f"The database is at revision {newest_revision()}.")


@imports.command()
def synthea(
    path: Annotated[Path, typer.Argument(help="A folder of Synthea CSV files, or a .tar.zst, .tar.gz or .zip of one.")],
) -> None:
    """Import patients that Synthea made, and index them for search.

    Safe to repeat: what is there already stays as it is. Rows that cannot be read are listed with file and line, and
    everything else is imported.
    """
    import asyncio

    from gateway.settings import StoreSettings

    with one_line_errors():
        settings = StoreSettings.read()
        from gateway.importing import import_and_report

        asyncio.run(import_and_report(settings, path))


@search.command()
def rebuild() -> None:
    """Build the search index anew beside the old one, then switch. Searches go on meanwhile."""
    import asyncio

    from gateway.settings import StoreSettings

    with one_line_errors():
        settings = StoreSettings.read()
        from gateway.importing import rebuild_and_report

        asyncio.run(rebuild_and_report(settings))


_SCHEMA_FILE = Path("schema.graphql")
SchemaFile = Annotated[Path, typer.Option("--file", help="The file; - is standard output.")]


@schemas.command("export")
def export_schema(file: SchemaFile = _SCHEMA_FILE) -> None:
    """Write the schema to schema.graphql, for clients and code generators."""
    from graph.schema import sdl

    if str(file) == "-":
        sys.stdout.write(sdl())
    else:
        file.write_text(sdl())


@schemas.command("check")
def check_schema(file: SchemaFile = _SCHEMA_FILE) -> None:
    """Compare the schema with schema.graphql: exits with 1 when it differs, and names what would break clients."""
    from graphql import GraphQLError, build_schema
    from graphql.utilities import find_breaking_changes

    from graph.schema import sdl

    try:
        written = file.read_text()
        before = build_schema(written)
    except (OSError, GraphQLError):
        _fail([f"{file} cannot be read as a schema: run `anamnesis schema export`"], 1)
        return
    breaking = find_breaking_changes(before, build_schema(sdl()))
    for change in breaking:
        sys.stderr.write(f"breaks clients: {change.description}\n")
    if breaking or written != sdl():
        _fail([f"the schema differs from {file}: run `anamnesis schema export` if it should"], 1)


@app.command()
def doctor() -> None:
    """Say in one table what can be reached, which versions, and what is missing. Exits with 1 if a needed part is."""
    import asyncio

    from gateway.doctor import examine, table

    with one_line_errors():
        findings = asyncio.run(examine())
        from rich.console import Console

        Console().print(table(findings))
        if any(finding.needed and not finding.fine for finding in findings):
            raise typer.Exit(1)
