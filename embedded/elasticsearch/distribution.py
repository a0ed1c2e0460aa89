"""Elastic's own server, fetched from Maven Central once and kept in the user's cache folder."""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded.elasticsearch.java import Java, find_maven
from embedded.errors import CacheNotWritable, FetchFailed, StepFailed
from embedded.process import STEP_STOP, Process, Run

VERSION = "8.19.21"
_SHA256 = "215d5f3dbf0609a149f6218a9e47b6ae2df34ebbff3c5754e35f15a5e5393c8a"
_ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
_COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy"
_FETCH_SECONDS = 600.0
_COMPILE_SECONDS = 120.0
_LAUNCHER = Path(__file__).with_name("Launch.java")
# Left out: monitoring agents and the licensed parts, which the demo does not use, and other systems' libraries.
_UNUSED = ("modules/apm", "modules/x-pack-core", "modules/x-pack-security")
_OTHER_SYSTEMS = ("lib/platform/windows-*",)


def home(run: Run) -> Path:
    """The server's folder, fetched if this user never had it. Raises EmbeddedError.

    It appears complete or not at all. Of two processes that want it at once, one fetches and the other waits.
    """
    folder = _cache() / f"elasticsearch-{VERSION}"
    if not folder.exists():
        with _alone():
            if not folder.exists():
                _fetch(folder, run)
    return folder


def launcher(java: Java, server: Path, run: Run) -> Path:
    """The folder with the compiled launcher, one for each version of its source. Raises EmbeddedError."""
    digest = hashlib.sha256(_LAUNCHER.read_bytes()).hexdigest()[:12]
    folder = _cache() / f"elasticsearch-{VERSION}-launch-{digest}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=_cache(), prefix="compile-") as work:
            _compile(java, server, Path(work), run)
            if not folder.exists():
                shutil.copytree(work, f"{work}-done")
                try:
                    Path(f"{work}-done").rename(folder)
                except OSError:  # another process was quicker, with the same bytes
                    shutil.rmtree(f"{work}-done")
    return folder


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "anamnesis"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CacheNotWritable(folder, error.strerror or str(error)) from error
    if not os.access(folder, os.W_OK):
        raise CacheNotWritable(folder, "permission denied")
    return folder


@contextmanager
def _alone() -> Iterator[None]:
    """Holds the lock of the fetch; waits for another holder as long as a fetch may take."""
    with (_cache() / f"elasticsearch-{VERSION}.lock").open("w") as file:
        deadline = time.monotonic() + _FETCH_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise FetchFailed(
                        f"another process has been fetching Elasticsearch for {_FETCH_SECONDS:.0f} s: start again"
                    ) from None
                time.sleep(0.2)
        yield


def _fetch(folder: Path, run: Run) -> None:
    maven = find_maven()
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetch-") as work:
        argv = [maven, "-q", "-B", "-C", _COPY_GOAL, f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={work}"]
        try:
            Process("Maven", argv, run, log="elasticsearch-fetch", stop=STEP_STOP, cwd=Path(work)).wait_done(
                _FETCH_SECONDS
            )
        except StepFailed as error:
            raise FetchFailed(f"Elasticsearch could not be fetched from Maven Central; {error}") from None
        archive = Path(work) / f"elasticsearch-{VERSION}.zip"
        if _sha256(archive) != _SHA256:
            raise FetchFailed(
                f"elasticsearch-{VERSION}.zip is not the file that was expected: remove it from ~/.m2/repository, "
                "check the Maven mirror in use, and start again"
            )
        with zipfile.ZipFile(archive) as files:
            files.extractall(work)
        fresh = Path(work) / f"elasticsearch-{VERSION}"
        for pattern in (*_UNUSED, *_OTHER_SYSTEMS):
            for unused in fresh.glob(pattern):
                shutil.rmtree(unused)
        fresh.rename(folder)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _compile(java: Java, server: Path, into: Path, run: Run) -> None:
    compiler = [java.program, "-m", "jdk.compiler/com.sun.tools.javac.Main", "-proc:none", "-nowarn"]
    argv = [
        *compiler,
        "--module-path",
        f"{server}/lib",
        "--add-modules=ALL-MODULE-PATH",
        "-d",
        str(into),
        str(_LAUNCHER),
    ]
    Process("javac", argv, run, log="elasticsearch-compile", stop=STEP_STOP).wait_done(_COMPILE_SECONDS)
