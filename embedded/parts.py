"""The one way in: starts what no URL was given for, side by side, and stops it with the caller."""

import fcntl
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from embedded import elasticsearch, ports, postgres, valkey
from embedded.errors import DataInUse, DataNotWritable, EmbeddedError
from embedded.files import write_private
from embedded.process import Process, Run

# How long the servers of a run that was killed may take to end.
_LAST_RUN_SECONDS = 40.0


class _Part(Protocol):
    """A module that starts one part."""

    __name__: str

    def start(self, data: Path, port: int, run: Run, *, fast: bool) -> tuple[Process, str]: ...


class Parts:
    """Three servers' addresses, and those of the three that this process started.

    `elasticsearch_url` is None when Elasticsearch could not be had; `elasticsearch_missing` then says why, in one
    line. `logs` is the folder of the parts' logs. A context manager; `close` does the same.
    """

    postgres_url: str
    redis_url: str
    elasticsearch_url: str | None
    elasticsearch_missing: str

    def __init__(self, data: Path) -> None:
        self._data = data
        self._ports = threading.Lock()
        self._locks = [_lock(data / "lock", 0.0)]
        try:
            # Servers hold this one too while they live, so an earlier run's last server is gone once it is ours.
            self._locks.append(_lock(data / "programs.lock", _LAST_RUN_SECONDS))
        except BaseException:
            os.close(self._locks.pop())
            raise
        self.logs = data / "logs"
        self._run = Run(self._locks[-1], self.logs)

    @classmethod
    def start(
        cls,
        data: Path,
        *,
        postgres_url: str | None = None,
        redis_url: str | None = None,
        elasticsearch_url: str | None = None,
        want_elasticsearch: bool = True,
        fast: bool = False,
    ) -> Self:
        """Starts each part that has no URL, its data below `data` and its log in `data`/logs.

        `fast` is for data that is thrown away. Only Elasticsearch may be missing. Raises EmbeddedError, with
        nothing left running.
        """
        data = data.absolute()
        try:
            (data / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
            parts = cls(data)
        except OSError as error:
            raise DataNotWritable(data, error.strerror or str(error)) from error
        try:
            with ThreadPoolExecutor(3) as pool:
                try:
                    first = pool.submit(parts._url, postgres_url, postgres, fast)
                    second = pool.submit(parts._url, redis_url, valkey, fast)
                    third = pool.submit(parts._search, elasticsearch_url, want_elasticsearch, fast)
                    parts.postgres_url = first.result()
                    parts.redis_url = second.result()
                    parts.elasticsearch_url, parts.elasticsearch_missing = third.result()
                except BaseException:
                    parts._run.stop()  # or the pool would wait for programs nobody wants any more
                    raise
        except BaseException as error:
            parts.close()
            if isinstance(error, PermissionError):  # one folder of the data belongs to another user
                raise DataNotWritable(Path(error.filename or data), "permission denied") from error
            raise
        return parts

    def write_env(self, path: Path) -> None:
        """Writes the addresses as `ANAMNESIS_*=` lines, readable by the owner only: they carry passwords.

        A part that is not there has an empty address. Raises DataNotWritable.
        """
        lines = {
            "ANAMNESIS_DATABASE_URL": self.postgres_url,
            "ANAMNESIS_REDIS_URL": self.redis_url,
            "ANAMNESIS_ELASTICSEARCH_URL": self.elasticsearch_url or "",
        }
        write_private(path, "".join(f"{name}={value}\n" for name, value in lines.items()))

    def close(self) -> None:
        """Stops what was started and returns when it is gone. Safe to call again."""
        self._run.stop()
        while self._locks:
            os.close(self._locks.pop())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _url(self, given: str | None, part: _Part, fast: bool) -> str:
        if given is not None:
            return given
        name = part.__name__.rpartition(".")[2]
        with self._ports:
            port = ports.remembered(self._data / "ports.json", name)
        _, url = part.start(self._data, port, self._run, fast=fast)
        return url

    def _search(self, given: str | None, wanted: bool, fast: bool) -> tuple[str | None, str]:
        if given is None and not wanted:
            return None, "Elasticsearch was not asked for"
        try:
            return self._url(given, elasticsearch, fast), ""
        except EmbeddedError as error:
            return None, str(error)


def _lock(file: Path, seconds: float) -> int:
    """Takes the file's lock and writes our process id into it. Raises DataInUse if another process keeps it."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + seconds
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    holder = os.read(descriptor, 20).decode(errors="replace").strip()
                    raise DataInUse(file.parent, f"process {holder}" if holder else "another process") from None
                time.sleep(0.05)
        os.truncate(descriptor, 0)
        os.write(descriptor, b"%d\n" % os.getpid())
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
