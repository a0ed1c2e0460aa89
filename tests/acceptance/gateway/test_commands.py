"""The commands of an operator's first day, in their order, on real servers."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_PROGRAM = Path(sys.executable).with_name("anamnesis")
_SAMPLE = Path(__file__).parents[3] / "examples" / "sample" / "synthea-110.tar.zst"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(database: str, redis_url: str, elasticsearch_url: str) -> Run:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANAMNESIS_")}
    environment |= {
        "ANAMNESIS_DATABASE_URL": database,
        "ANAMNESIS_REDIS_URL": redis_url,
        "ANAMNESIS_ELASTICSEARCH_URL": elasticsearch_url,
        "ANAMNESIS_CURSOR_KEY": "k" * 32,
        "ANAMNESIS_SEARCH_PREFIX": database.rpartition("/")[2].replace("_", "-")[:24],
        "COLUMNS": "200",
    }

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
