"""Runs the project's own Node packages, installing what their lock files pin when it is not there yet."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

_INSTALL_SECONDS = 240
_RUN_SECONDS = 120


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is missing: install Node 20 or newer with npm, or run scripts/ensure-test-tools.sh")
    return path


def _run(arguments: list[str], folder: Path, seconds: int) -> str:
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode != 0:
        pytest.fail(f"{Path(arguments[0]).name} {' '.join(arguments[1:])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def install(package: Path) -> None:
    """Make `package`/node_modules what its package-lock.json says; does nothing when it already is."""
    locked = hashlib.sha256((package / "package-lock.json").read_bytes()).hexdigest()
    installed = package / "node_modules" / ".installed-lock"
    # Tests run in more than one process.
    with (package / ".installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if installed.is_file() and installed.read_text() == locked:
            return
        _run([_program("npm"), "ci", "--no-audit", "--no-fund", "--prefer-offline"], package, _INSTALL_SECONDS)
        # Written last: an installation that was cut short is repeated.
        installed.write_text(locked)


def run(package: Path, script: str, *arguments: str) -> str:
    """The output of a script of an installed package; a failed script fails the test with what it printed."""
    return _run([_program("node"), script, *arguments], package, _RUN_SECONDS)
