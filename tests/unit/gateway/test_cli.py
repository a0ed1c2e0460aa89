"""The command line as a user meets it: a process, its exit code, its two streams."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

_PROGRAM = Path(sys.executable).with_name("anamnesis")


def _run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANAMNESIS_")}
    return subprocess.run(
        [_PROGRAM, *arguments],
        env=environment | settings | {"COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments",
    [(), ("demo",), ("serve",), ("migrate",), ("import",), ("import", "synthea"), ("search", "rebuild"), ("doctor",)],
)
def test_help_teaches(arguments: tuple[str, ...]) -> None:
    done = _run(*arguments, "--help")
    assert done.returncode == 0
    assert f"anamnesis {' '.join(arguments)}".strip() in done.stdout
    assert done.stderr == ""


def test_help_does_not_load_the_product() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", _PROGRAM, "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    for heavy in ("strawberry", "sqlalchemy", "elasticsearch", "uvicorn", "pydantic_settings", "embedded"):
        assert f"| {heavy}\n" not in done.stderr
        assert f" {heavy}\n" not in done.stderr


def test_the_help_of_serve_lists_every_setting() -> None:
    from gateway.settings import Settings, variable

    written = _run("serve", "--help").stdout
    for name in Settings.model_fields:
        assert variable(name) in written


@pytest.mark.parametrize("arguments", [("serve",), ("migrate",), ("import", "synthea", "x"), ("search", "rebuild")])
def test_without_settings_nothing_starts(arguments: tuple[str, ...]) -> None:
    done = _run(*arguments, ANAMNESIS_DATABASE_ULR="hush")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0].startswith("anamnesis: ANAMNESIS_DATABASE_ULR is not a setting")
    assert lines[1].startswith("anamnesis: ANAMNESIS_DATABASE_URL is not set")
    assert all(line.startswith("anamnesis: ") for line in lines)
    assert "hush" not in done.stderr


def test_a_database_that_does_not_answer_is_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = taken.getsockname()[1]
        began = time.monotonic()
        done = _run("migrate", ANAMNESIS_DATABASE_URL=f"postgresql://reader:hush@127.0.0.1:{nobody}/anamnesis")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("anamnesis: PostgreSQL does not answer")
    assert "hush" not in done.stderr
    assert time.monotonic() - began < 20


def test_a_port_in_use_is_one_line_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        served = _run(
            "serve",
            ANAMNESIS_DATABASE_URL="postgresql://127.0.0.1:9/x",
            ANAMNESIS_REDIS_URL="redis://127.0.0.1:9",
            ANAMNESIS_CURSOR_KEY="k" * 32,
            ANAMNESIS_PORT=port,
        )
        demonstrated = _run("demo", "--port", port, "--data", "/nonexistent/never-made")
    for done in (served, demonstrated):
        assert done.returncode == 1
        assert done.stderr.splitlines() == [done.stderr.strip()]
        assert f"port {port}" in done.stderr
        assert "PORT=" in done.stderr


def test_a_demo_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    done = _run("demo", "--port", port, "--data", str(tmp_path / "file" / "data"))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [done.stderr.strip()]
    assert "DATA=" in done.stderr


def test_doctor_says_what_is_missing() -> None:
    done = _run("doctor")
    assert done.returncode == 1
    assert "ANAMNESIS_DATABASE_URL is not set" in done.stdout
    assert "missing" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_schema_is_exported_and_checked(tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    assert _run("schema", "export", "--file", str(file)).returncode == 0
    assert _run("schema", "export", "--file", "-").stdout == file.read_text()
    assert _run("schema", "check", "--file", str(file)).returncode == 0

    file.write_text(file.read_text().replace("type Identifier {", "type Identifier {\n  issuer: String"))
    done = _run("schema", "check", "--file", str(file))
    assert done.returncode == 1
    assert "breaks clients: " in done.stderr
    assert "issuer" in done.stderr

    missing = _run("schema", "check", "--file", str(tmp_path / "none.graphql"))
    assert missing.returncode == 1
    assert len(missing.stderr.splitlines()) == 1
