"""Elastic's own server, fetched from Maven Central once and kept in the user's cache folder."""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded.elasticsearch.java import Java, advice, find_maven
from embedded.errors import CacheNotWritable, FetchFailed, JavaMissing, StepFailed
from embedded.process import STEP_STOP, Process, Run

VERSION = "8.19.21"
_SHA256 = "215d5f3dbf0609a149f6218a9e47b6ae2df34ebbff3c5754e35f15a5e5393c8a"
_ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
_COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy"
_FETCH_SECONDS = 600.0
_COMPILE_SECONDS = 120.0
_LAUNCHER = Path(__file__).with_name("Launch.java")
# Left out: monitoring agents and the licensed parts, which the demo does not use.
_UNUSED = ("modules/apm", "modules/x-pack-*")


def home(run: Run) -> Path:
    """The server's folder, fetched if this user never had it. Raises EmbeddedError."""
    folder = _cache() / f"elasticsearch-{VERSION}"
    return _once(folder, lambda work: _fetch(work, run))


def launcher(java: Java, server: Path, run: Run) -> Path:
    """The folder with the compiled launcher, one for each version of its source. Raises EmbeddedError."""
    digest = hashlib.sha256(_LAUNCHER.read_bytes()).hexdigest()[:12]
    folder = _cache() / f"elasticsearch-{VERSION}-launch-{digest}"
    return _once(folder, lambda work: _compile(java, server, work, run))


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "anamnesis"


def _once(folder: Path, make: Callable[[Path], Path]) -> Path:
    """The folder, made if it is missing: `make` returns it complete from a folder to work in, or raises.

    It appears complete or not at all. Of two processes that want it at once, one makes it and the other waits.
    """
    if folder.exists():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder.parent / "making.lock"):
            if not folder.exists():
                for leftover in folder.parent.glob("making-*"):  # of a run that was killed: the lock is ours
                    shutil.rmtree(leftover)
                with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-") as work:
                    make(Path(work)).rename(folder)
    except OSError as error:
        raise CacheNotWritable(folder.parent, error.strerror or str(error)) from error
    return folder


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Holds the lock; waits for another holder as long as making may take."""
    with lock.open("w") as file:
        deadline = time.monotonic() + _FETCH_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    holder = "another process has been fetching Elasticsearch for too long"
                    raise FetchFailed(f"{holder}: stop it and start again") from None
                time.sleep(0.2)
        yield


def _fetch(work: Path, run: Run) -> Path:
    maven = find_maven()
    argv = [maven, "-q", "-B", "-C", _COPY_GOAL, f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={work}"]
    try:
        fetch = Process("Maven", argv, run, log="elasticsearch-fetch", stop=STEP_STOP, cwd=work)
        fetch.wait_done(_FETCH_SECONDS)
    except StepFailed as error:
        raise FetchFailed(f"Elasticsearch could not be fetched from Maven Central; {error}") from None
    archive = work / f"elasticsearch-{VERSION}.zip"
    if _sha256(archive) != _SHA256:
        raise FetchFailed(
            f"elasticsearch-{VERSION}.zip is not the file that was expected: remove it from ~/.m2/repository, "
            "check the Maven mirror in use, and start again"
        )
    with zipfile.ZipFile(archive) as files:
        files.extractall(work)
    server = work / f"elasticsearch-{VERSION}"
    for pattern in _UNUSED:
        for unused in server.glob(pattern):
            shutil.rmtree(unused)
    return server


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _compile(java: Java, server: Path, work: Path, run: Run) -> Path:
    """Compiled once, the launcher starts sooner, and on a Java without a compiler too."""
    classes = work / "classes"
    compiler = [java.program, "-m", "jdk.compiler/com.sun.tools.javac.Main", "-proc:none", "-nowarn"]
    modules = ["--module-path", f"{server}/lib", "--add-modules=ALL-MODULE-PATH"]
    argv = [*compiler, *modules, "-d", str(classes), str(_LAUNCHER)]
    try:
        Process("javac", argv, run, log="elasticsearch-compile", stop=STEP_STOP).wait_done(_COMPILE_SECONDS)
    except StepFailed as error:
        raise JavaMissing("working Java compiler (a JDK)", f"{advice()}; {error}") from None
    return classes
