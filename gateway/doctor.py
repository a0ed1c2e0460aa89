"""What works and what is missing, for someone whose gateway does not run."""

import asyncio
import platform
import shutil
import subprocess
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError
from rich.table import Table

from db.errors import DatabaseError
from db.health import revision, server_version
from db.migrate import newest_revision
from db.pool import Database
from gateway.services import search_client
from gateway.settings import BadSettings, CacheSettings, Settings, StoreSettings

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: its state in a few words, and whether a gateway can do without it."""

    part: str
    fine: bool
    words: str
    needed: bool = True


async def examine() -> list[Finding]:
    """Looks at everything at once; a part that does not answer within 5 seconds is out of reach."""
    findings = [Finding("Python", True, platform.python_version()), _settings()]
    try:
        store = StoreSettings.read()
    except BadSettings:
        findings.append(Finding("PostgreSQL", False, "not looked for: ANAMNESIS_DATABASE_URL is not usable"))
    else:
        findings += await asyncio.gather(_database(store), _elasticsearch(store))
    findings.append(await _redis())
    findings.append(await asyncio.to_thread(_java))
    return findings


def table(findings: list[Finding]) -> Table:
    """The findings, to print."""
    found = Table("", "part", "what was found", title="Anamnesis")
    for finding in findings:
        mark = "[green]ok[/]" if finding.fine else "[red]missing[/]" if finding.needed else "[yellow]without[/]"
        found.add_row(mark, finding.part, finding.words)
    return found


def _settings() -> Finding:
    try:
        Settings.read()
    except BadSettings as error:
        return Finding("settings", False, "\n".join(error.lines))
    return Finding("settings", True, "complete")


async def _database(settings: StoreSettings) -> Finding:
    try:
        database = await Database.connect(settings.database_url.get_secret_value(), size=1, seconds=_SECONDS)
    except DatabaseError as error:
        return Finding("PostgreSQL", False, f"{error}: check ANAMNESIS_DATABASE_URL")
    try:
        version = await server_version(database)
        found, newest = await revision(database), newest_revision()
    except DatabaseError as error:
        return Finding("PostgreSQL", False, str(error))
    finally:
        await database.close()
    if int(version.partition(".")[0]) < 15:
        return Finding("PostgreSQL", False, f"{version}: 15 or newer is needed")
    if found != newest:
        return Finding("PostgreSQL", False, f"{version}, not migrated to this release: run `anamnesis migrate`")
    return Finding("PostgreSQL", True, f"{version}, tables at revision {found}")


async def _redis() -> Finding:
    name = "Valkey or Redis"
    try:
        settings = CacheSettings.read()
    except BadSettings:
        return Finding(name, False, "not looked for: ANAMNESIS_REDIS_URL is not usable")
    client = Redis.from_url(
        settings.redis_url.get_secret_value(), socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
    )
    try:
        async with asyncio.timeout(_SECONDS):
            about = await client.info("server")
    except (RedisError, OSError, TimeoutError):
        return Finding(name, False, "does not answer: check ANAMNESIS_REDIS_URL")
    finally:
        await client.aclose()
    if "valkey_version" in about:
        return Finding(name, True, f"Valkey {about['valkey_version']}")
    return Finding(name, True, f"Redis {about['redis_version']}")


async def _elasticsearch(settings: StoreSettings) -> Finding:
    name = "Elasticsearch"
    client = search_client(settings)
    if client is None:
        return Finding(name, False, "not set: PostgreSQL answers searches", needed=False)
    try:
        async with asyncio.timeout(_SECONDS):
            nodes = await client.nodes.info(metric="os")
            health = await client.cluster.health()
    except Exception as error:  # the client's errors have no common ancestor that is its own
        words = f"does not answer ({type(error).__name__}): PostgreSQL answers searches"
        return Finding(name, False, words, needed=False)
    finally:
        await client.close()
    versions = sorted({node["version"] for node in nodes["nodes"].values()})
    return Finding(name, True, f"{', '.join(versions)}, {health['status']}", needed=False)


def _java() -> Finding:
    """Java is needed for the demo's own Elasticsearch only."""
    java = shutil.which("java")
    if java is None:
        return Finding("Java", False, "not installed: the demo searches with PostgreSQL", needed=False)
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return Finding("Java", False, "does not run: the demo searches with PostgreSQL", needed=False)
    lines = (done.stderr or done.stdout).splitlines()
    return Finding("Java", done.returncode == 0, lines[0] if lines else "?", needed=False)
