"""The commands of an operator's first day, in their order, on real servers."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from elasticsearch import AsyncElasticsearch

from db.pool import Database
from search.service import SearchService
from search.types import HistoryCriteria, PatientCriteria, SearchPage
from tests.integration.ingest import exports

_PROGRAM = Path(sys.executable).with_name("anamnesis")
_SAMPLE = Path(__file__).parents[3] / "examples" / "sample" / "synthea-110.tar.zst"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(database: str, redis_url: str, elasticsearch_url: str) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANAMNESIS_")}
    environment |= {
        "ANAMNESIS_DATABASE_URL": database,
        "ANAMNESIS_REDIS_URL": redis_url,
        "ANAMNESIS_ELASTICSEARCH_URL": elasticsearch_url,
        "ANAMNESIS_CURSOR_KEY": "k" * 32,
        "ANAMNESIS_SEARCH_PREFIX": database.rpartition("/")[2].replace("_", "-")[:24],
        "COLUMNS": "200",
    }
    return environment


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [_PROGRAM, *arguments],
            env=environment | settings,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


def test_the_doctor_leads_to_a_migrated_database(run: Run) -> None:
    sick = run("doctor")
    assert sick.returncode == 1
    assert "run `anamnesis migrate`" in sick.stdout

    for _ in range(2):
        migrated = run("migrate")
        assert migrated.returncode == 0, migrated.stderr
        assert "revision" in migrated.stdout

    well = run("doctor")
    assert well.returncode == 0, well.stdout
    for part in ("Python", "PostgreSQL", "Valkey", "Elasticsearch", "8.19"):
        assert part in well.stdout
    assert "password" not in well.stdout


def test_the_doctor_misses_elasticsearch_without_failing(run: Run) -> None:
    assert run("migrate").returncode == 0
    without = run("doctor", ANAMNESIS_ELASTICSEARCH_URL="http://127.0.0.1:9")
    assert without.returncode == 0
    assert "PostgreSQL answers searches" in without.stdout


def test_the_doctor_misses_valkey(run: Run) -> None:
    assert run("migrate").returncode == 0
    without = run("doctor", ANAMNESIS_REDIS_URL="redis://127.0.0.1:9")
    assert without.returncode == 1
    assert "check ANAMNESIS_REDIS_URL" in without.stdout


def test_an_import_is_reported_and_changes_nothing_twice(run: Run, tmp_path: Path) -> None:
    assert run("migrate").returncode == 0
    missing = run("import", "synthea", str(tmp_path / "none"))
    assert missing.returncode == 1
    assert len(missing.stderr.splitlines()) == 1

    first = run("import", "synthea", str(_SAMPLE))
    assert first.returncode == 0, first.stderr
    again = run("import", "synthea", str(_SAMPLE))
    assert again.returncode == 0, again.stderr
    for done, new, unchanged in ((first, "110", "0"), (again, "0", "110")):
        (line,) = (line for line in done.stdout.splitlines() if "patients" in line)
        assert [cell.strip() for cell in line.split("│")[2:5]] == [new, "0", unchanged]
        assert "0 rows not imported" in done.stdout


def test_the_index_is_rebuilt(run: Run) -> None:
    assert run("migrate").returncode == 0
    done = run("search", "rebuild")
    assert done.returncode == 0, done.stderr
    without = run("search", "rebuild", ANAMNESIS_ELASTICSEARCH_URL="")
    assert "ANAMNESIS_ELASTICSEARCH_URL is not set" in without.stdout


def _searched(environment: dict[str, str]) -> tuple[SearchPage, int]:
    """The patients found by the family name of one, and how many events the index holds."""

    async def search() -> tuple[SearchPage, int]:
        prefix = environment["ANAMNESIS_SEARCH_PREFIX"]
        database = await Database.connect(environment["ANAMNESIS_DATABASE_URL"], size=2)
        async with AsyncElasticsearch(environment["ANAMNESIS_ELASTICSEARCH_URL"]) as client:
            service = SearchService(client, database, prefix)
            page = await service.search_patients("kunde", PatientCriteria(), 5)
            events = (await client.count(index=f"{prefix}-history"))["count"]
            history = await service.search_history("body height", None, HistoryCriteria(), 5)
            assert history.hits
            assert not history.degraded
        await database.close()
        return page, events

    return asyncio.run(search())


def test_what_was_imported_is_found(run: Run, environment: dict[str, str]) -> None:
    assert run("migrate").returncode == 0
    done = run("import", "synthea", str(_SAMPLE))
    assert done.returncode == 0, done.stderr
    page, events = _searched(environment)
    assert page.hits
    assert not page.degraded
    assert page.indexed_as_of is not None
    assert events == 99_894


def test_an_import_that_was_killed_is_indexed_when_it_is_repeated(run: Run, environment: dict[str, str]) -> None:
    assert run("migrate").returncode == 0
    killed = subprocess.Popen(
        [_PROGRAM, "import", "synthea", str(_SAMPLE)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while _count(environment) < 10_000:
        assert killed.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert _count(environment) < 99_894
    again = run("import", "synthea", str(_SAMPLE))
    assert again.returncode == 0, again.stderr
    page, events = _searched(environment)
    assert page.hits
    assert events == 99_894


def _count(environment: dict[str, str]) -> int:
    found = asyncio.run(exports.fetch(environment["ANAMNESIS_DATABASE_URL"], "select count(*) from events"))
    return int(found[0][0])


def test_an_import_that_cannot_be_indexed_says_what_to_do(run: Run, tmp_path: Path) -> None:
    export = exports.write(tmp_path / "export", exports.some())
    assert run("migrate").returncode == 0
    done = run("import", "synthea", str(export), ANAMNESIS_ELASTICSEARCH_URL="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "0 rows not imported" in done.stdout
    (line,) = done.stderr.splitlines()
    assert "anamnesis search rebuild" in line


def test_an_import_tells_of_absent_files_and_its_speed(run: Run, tmp_path: Path) -> None:
    rows = exports.some()
    del rows["devices.csv"], rows["procedures.csv"]
    assert run("migrate").returncode == 0
    done = run("import", "synthea", str(exports.write(tmp_path / "export", rows)))
    assert done.returncode == 0, done.stderr
    assert "not in the source: devices.csv, procedures.csv" in done.stdout
    assert "events/s" in done.stdout
