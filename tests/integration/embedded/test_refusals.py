"""What a user can put right is said in one line that says how."""

import os
import pwd
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded import postgres
from embedded.errors import DataNotWritable, DataOfAnotherVersion, EmbeddedError, NotReady, PortInUse
from embedded.parts import Parts
from embedded.ports import free, remembered
from embedded.process import STEP_STOP, Process, Run


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    descriptor = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    started = Run(descriptor, tmp_path)
    yield started
    started.stop()
    os.close(descriptor)


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _one_line(error: EmbeddedError) -> str:
    assert len(str(error).splitlines()) == 1
    return str(error)


def test_port_in_use(tmp_path: Path, run: Run, listener: int) -> None:
    with pytest.raises(PortInUse, match="choose another port") as caught:
        postgres.start(tmp_path, listener, run, fast=True)
    assert f"port {listener} on 127.0.0.1 is in use" in _one_line(caught.value)


def test_remembered_port_in_use_is_replaced(tmp_path: Path, listener: int) -> None:
    (tmp_path / "ports.json").write_text(f'{{"postgres": {listener}, "valkey": 1}}')
    port = remembered(tmp_path / "ports.json", "postgres")
    assert port != listener
    assert remembered(tmp_path / "ports.json", "postgres") == port


def test_data_of_another_version(tmp_path: Path, run: Run) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres/PG_VERSION").write_text("12\n")
    with pytest.raises(DataOfAnotherVersion, match="was made by PostgreSQL 12, the one here is ") as caught:
        postgres.start(tmp_path, free(), run, fast=True)
    _one_line(caught.value)


def test_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataNotWritable, match="choose a folder you can write to") as caught:
        Parts.start(tmp_path / "file" / "data")
    _one_line(caught.value)


def test_read_only_folder(open_folder: Path) -> None:
    """Root may write whatever the modes say, so it is an ordinary user for the length of the try."""
    open_folder.chmod(0o555)
    ourselves = os.geteuid()
    try:
        if ourselves == 0:
            os.seteuid(pwd.getpwnam("nobody").pw_uid)
        with pytest.raises(DataNotWritable, match="choose a folder you can write to") as caught:
            Parts.start(open_folder)
        with pytest.raises(DataNotWritable, match="choose a folder you can write to"):
            Parts.start(open_folder / "data")
    finally:
        os.seteuid(ourselves)
        open_folder.chmod(0o755)
    assert str(open_folder) in _one_line(caught.value)


def test_without_java_the_others_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with Parts.start(tmp_path, fast=True) as parts:
        assert parts.postgres_url.startswith("postgresql://")
        assert parts.redis_url.startswith("redis://")
        assert parts.elasticsearch_url is None
        assert parts.elasticsearch_missing.startswith("no Java 17 or newer (it runs Elasticsearch) found: ")
        assert "install" in parts.elasticsearch_missing
        assert len(parts.elasticsearch_missing.splitlines()) == 1


def test_server_that_ends_while_starting_shows_its_last_line(run: Run) -> None:
    server = Process("Example", ["/bin/sh", "-c", "echo first; echo the reason; exit 3"], run, log="x", stop=STEP_STOP)
    with pytest.raises(NotReady, match=r"Example ended while starting: see .*x.log .its last line: the reason"):
        server.wait_ready(lambda: False, 20.0)


def test_server_that_is_not_ready_in_time_is_stopped(run: Run) -> None:
    server = Process("Example", ["/bin/sleep", "60"], run, log="x", stop=STEP_STOP)
    with pytest.raises(NotReady, match="did not become ready within 0 s"):
        server.wait_ready(lambda: False, 0.1)
    assert not server.running()


def test_program_that_cannot_be_run(run: Run, tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=r"could not be started: .*No such file"):
        Process("Example", [str(tmp_path / "nothing")], run, log="x", stop=STEP_STOP)
