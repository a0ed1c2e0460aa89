"""However the process that started the parts ends, none of their processes outlives it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.integration.embedded.processes import Seen, below, wait_gone

_ROOT = Path(__file__).parents[3]
_RUNNER = Path(__file__).with_name("runner.py")
_GONE_SECONDS = 40.0


@contextmanager
def _running(data: Path, which: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The runner in a session of its own, as a terminal would start it, with its parts ready."""
    environment = os.environ | {"PYTHONPATH": str(_ROOT)}
    command = [sys.executable, str(_RUNNER), str(data), which]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as runner:
        try:
            assert runner.stdout is not None
            yield runner, json.loads(runner.stdout.readline())
        finally:
            runner.kill()


async def _busy(url: str) -> asyncpg.Connection:
    """A connection whose backend computes without end and looks at nothing else, its postmaster's death included."""
    connection = await asyncpg.connect(url)
    loop = asyncio.ensure_future(connection.execute("DO $$ BEGIN LOOP END LOOP; END $$"))
    await asyncio.sleep(0.3)
    assert not loop.done()
    loop.add_done_callback(lambda done: done.exception())  # it ends with the server
    return connection


def _names(family: set[Seen]) -> set[str]:
    return {process.name for process in family}


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
async def test_nothing_outlives_its_parent(tmp_path: Path, end: signal.Signals) -> None:
    with _running(tmp_path / "data", "all") as (runner, report):
        assert report["missing"] == ""
        connection = await _busy(report["postgres"])
        family = below(runner.pid)
        assert {"postgres", "valkey-server", "java"} <= _names(family)
        os.killpg(runner.pid, end)  # the whole foreground group, as a terminal does
        runner.wait(_GONE_SECONDS)
        assert await asyncio.to_thread(wait_gone, family, _GONE_SECONDS) == set()
        connection.terminate()


async def test_nothing_outlives_a_killed_keeper(tmp_path: Path) -> None:
    with _running(tmp_path / "data", "postgres") as (runner, report):
        connection = await _busy(report["postgres"])
        family = below(runner.pid)
        for process in family:
            if process.name.startswith("python"):
                os.kill(process.pid, signal.SIGKILL)
        assert await asyncio.to_thread(wait_gone, family, _GONE_SECONDS) == set()
        connection.terminate()


def test_orphans_of_a_killed_server_are_killed(tmp_path: Path) -> None:
    with _running(tmp_path / "data", "postgres") as (runner, report):

        async def kill_postmaster() -> set[Seen]:
            connection = await _busy(report["postgres"])
            family = below(runner.pid)
            postmaster = int((tmp_path / "data/postgres/postmaster.pid").read_text().splitlines()[0])
            os.kill(postmaster, signal.SIGKILL)
            connection.terminate()
            return family

        assert wait_gone(asyncio.run(kill_postmaster()), _GONE_SECONDS) == set()


def test_interrupted_while_starting(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(_ROOT)}
    command = [sys.executable, str(_RUNNER), str(tmp_path / "data"), "all"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True) as runner:
        log = tmp_path / "data/logs/elasticsearch.log"
        while not log.exists():
            assert runner.poll() is None
        family = below(runner.pid)
        runner.send_signal(signal.SIGINT)
        runner.wait(_GONE_SECONDS)
        assert family
        assert wait_gone(family, _GONE_SECONDS) == set()


def test_killed_run_is_followed_by_a_good_one(tmp_path: Path) -> None:
    """A dead server's `postmaster.pid` is in nobody's way, even when its process id is now another program's."""
    data = tmp_path / "data"
    lock = data / "postgres/postmaster.pid"
    with _running(data, "postgres") as (runner, _):
        family = below(runner.pid)
        os.kill(int(lock.read_text().splitlines()[0]), signal.SIGKILL)
        runner.kill()
        assert wait_gone(family, _GONE_SECONDS) == set()
    server = {"user": lock.stat().st_uid, "group": lock.stat().st_gid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["/bin/sleep", "600"], **server) as other:  # type: ignore[call-overload]
        try:
            lines = [str(other.pid), *lock.read_text().splitlines()[1:]]
            lock.write_text("\n".join(lines) + "\n")
            with _running(data, "postgres") as (_, report):
                assert report["postgres"].startswith("postgresql://")
        finally:
            other.kill()
