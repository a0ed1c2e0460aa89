"""What is wrong with the settings or the database is said in a line, before anything is started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = Path(sys.executable).with_name("anamnesis")
_NOWHERE = "postgresql://reader:hush@127.0.0.1:9/anamnesis"


def _run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANAMNESIS_")}
    return subprocess.run(
        [_PROGRAM, *arguments], env=environment | settings, capture_output=True, text=True, timeout=60, check=False
    )


def _line(done: "subprocess.CompletedProcess[str]", status: int) -> str:
    assert done.returncode == status, done.stderr
    (line,) = done.stderr.splitlines()
    assert "hush" not in done.stderr + done.stdout
    return line


@pytest.mark.parametrize("url", [_NOWHERE, f"{_NOWHERE}?sslmode=foo"])
def test_a_database_that_cannot_be_reached(url: str, tmp_path: Path) -> None:
    others = {
        "ANAMNESIS_REDIS_URL": "redis://127.0.0.1:9/0",
        "ANAMNESIS_ELASTICSEARCH_URL": "http://127.0.0.1:9",
        "ANAMNESIS_CURSOR_KEY": "k" * 32,
    }
    for command in (
        ["demo", "--data", str(tmp_path / "data"), "--port", "18099"],
        ["migrate"],
        ["serve"],
        ["search", "rebuild"],
    ):
        line = _line(_run(*command, ANAMNESIS_DATABASE_URL=url, ANAMNESIS_PORT="18098", **others), 1)
        assert "PostgreSQL" in line, command


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANAMNESIS_LOG_LEVEL", "hush"),
        ("ANAMNESIS_DATABSE_URL", "hush"),
        ("ANAMNESIS_DATABASE_URL", "mysql://hush"),
        ("ANAMNESIS_CURSOR_KEY", "hush"),
    ],
)
def test_the_demo_starts_nothing_with_wrong_settings(name: str, value: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert name in _line(_run("demo", "--data", str(data), **{name: value}), 2)
    assert not data.exists()


def test_the_doctor_looks_for_each_part_whose_address_is_usable() -> None:
    found = _run("doctor", ANAMNESIS_REDIS_URL="redis://127.0.0.1:9/0", COLUMNS="200")
    assert found.returncode == 1
    assert "check ANAMNESIS_REDIS_URL" in found.stdout
    for address in ({}, {"ANAMNESIS_REDIS_URL": "hush://"}):
        found = _run("doctor", COLUMNS="200", **address)
        assert "ANAMNESIS_REDIS_URL is not usable" in found.stdout
