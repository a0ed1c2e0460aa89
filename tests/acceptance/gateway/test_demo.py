"""The demo as a newcomer meets it: one command, one Ctrl-C, and nothing left behind."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

_PROGRAM = Path(sys.executable).with_name("anamnesis")
_READY_SECONDS = 180
_STOP_SECONDS = 60
_MRN = "8051e24f-bc54-22da-6b4e-6d6bd539e15d"


class Demo:
    """A running demo and what it printed."""

    def __init__(self, data: Path, port: int, process: "subprocess.Popen[bytes]", printed: Path) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{port}"
        self.process = process
        self._printed = printed

    @property
    def printed(self) -> str:
        return self._printed.read_text()

    def wait(self, text: str) -> float:
        """Waits until the demo has printed `text`, and says how long that took."""
        began = time.monotonic()
        while text not in self.printed:
            assert self.process.poll() is None, self.printed
            assert time.monotonic() - began < _READY_SECONDS, self.printed
            time.sleep(0.05)
        return time.monotonic() - began

    def family(self) -> list[psutil.Process]:
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def interrupt(self) -> int:
        """What Ctrl-C in a terminal does."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(_STOP_SECONDS)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def _demo(data: Path, *, path: str | None = None) -> Iterator[Demo]:
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANAMNESIS_")}
    environment |= {"COLUMNS": "200", "PYTHONUNBUFFERED": "1"} | ({} if path is None else {"PATH": path})
    printed = data.parent / f"printed-{port}"
    with printed.open("wb") as out:
        process = subprocess.Popen(
            [_PROGRAM, "demo", "--port", str(port), "--data", str(data)],
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield Demo(data, port, process, printed)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _gone(family: list[psutil.Process], seconds: float) -> bool:
    _, alive = psutil.wait_procs(family, timeout=seconds)
    return not alive


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "data"


def _mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def _history(demo: Demo) -> object:
    query = "query ($mrn: String!) { patient(mrn: $mrn) { history(first: 3) { totalCount edges { cursor } } } }"
    body = {"query": query, "variables": {"mrn": _MRN}}
    answer = httpx.post(f"{demo.url}/graphql", json=body, timeout=10).json()
    assert "errors" not in answer
    return answer["data"]["patient"]["history"]


@pytest.mark.timeout(600)
def test_it_starts_answers_stops_and_starts_again(data: Path) -> None:
    with _demo(data) as demo:
        demo.wait("Ctrl-C stops it.")
        assert demo.url in demo.printed
        assert _MRN in demo.printed
        assert httpx.get(f"{demo.url}/readyz", timeout=10).json()["ready"] is True
        before = _history(demo)
        (shown,) = re.findall(rf"{demo.url}/graphql\?\S+", demo.printed)
        assert "Kunde533" in httpx.get(shown, headers={"Accept": "application/json"}, timeout=10).text

        settings = (data / "demo.env").read_text()
        for name in ("DATABASE", "REDIS", "ELASTICSEARCH"):
            assert re.search(rf"^ANAMNESIS_{name}_URL=.+$", settings, re.MULTILINE)
        assert _mode(data / "demo.env") == _mode(data / "cursor.key") == 0o600

        second = subprocess.run(
            [_PROGRAM, "demo", "--port", str(_free_port()), "--data", str(data)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert len(second.stderr.splitlines()) == 1

        demo.wait("The search index is complete.")
        family = demo.family()
        assert len(family) > 3
        assert demo.interrupt() == 0
        assert "Stopped." in demo.printed
        assert _gone(family, 5)

    with _demo(data) as demo:
        demo.wait("Ctrl-C stops it.")
        assert "Importing" not in demo.printed
        assert "Indexing" not in demo.printed
        # Cursors too: the key was kept.
        assert _history(demo) == before
        family = demo.family()
        demo.process.kill()
        assert _gone(family, 20)


@pytest.mark.timeout(600)
def test_what_was_deleted_is_made_again(data: Path) -> None:
    """After the test above, whose data it takes."""
    shutil.rmtree(data / "postgres")
    with _demo(data) as demo:
        demo.wait("The search index is complete.")
        assert "Importing" in demo.printed
        assert _history(demo)
        assert demo.interrupt() == 0
    shutil.rmtree(data / "elasticsearch")
    with _demo(data) as demo:
        demo.wait("The search index is complete.")
        assert "Importing" not in demo.printed
        assert demo.interrupt() == 0


@pytest.mark.timeout(600)
def test_a_start_that_was_cut_short_is_repeated(tmp_path: Path) -> None:
    with _demo(tmp_path / "data") as demo:
        demo.wait("Importing the sample.")
        time.sleep(1)
        family = demo.family()
        demo.process.kill()
        assert _gone(family, 20)
    with _demo(tmp_path / "data") as demo:
        demo.wait("Ctrl-C stops it.")
        assert _history(demo)
        assert demo.interrupt() == 0


@pytest.mark.timeout(600)
def test_without_java_search_runs_on_postgresql(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "env", "ldd"):
        found = shutil.which(tool)
        if found is not None:
            (tools / tool).symlink_to(found)
    with _demo(tmp_path / "data", path=str(tools)) as demo:
        demo.wait("Ctrl-C stops it.")
        assert "Search runs on PostgreSQL" in demo.printed
        body = {"query": '{ searchPatients(query: "kunde") { nodes { mrn } status { degraded } } }'}
        answer = httpx.post(f"{demo.url}/graphql", json=body, timeout=10).json()
        assert answer["data"]["searchPatients"]["status"]["degraded"] is True
        assert {"mrn": _MRN} in answer["data"]["searchPatients"]["nodes"]
        assert demo.interrupt() == 0
