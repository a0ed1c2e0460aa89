"""The files of a source, one after the other: a folder, a .zip, a .tar.zst or a .tar.gz.

Nothing is unpacked to disk, and a member is known by the last part of its name alone, so no path in an archive leads
anywhere. Archives are read as streams: what a member holds is read once, in the archive's order.
"""

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BufferedReader, RawIOBase
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, cast

import zstandard

from ingest.errors import SourceNotFound, SourceUnreadable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BLOCK = 1 << 20
_TAR_END = 1024
# What reading a broken file or archive raises, in whichever layer notices.
DAMAGE = (
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    zstandard.ZstdError,
)


class Source:
    """The wanted files of one path."""

    def __init__(self, path: Path) -> None:
        """Raises SourceNotFound if nothing is there, SourceUnreadable if that cannot be seen."""
        try:
            found = path.exists()
        except OSError as error:
            raise SourceUnreadable(f"this path cannot be read: {error.strerror}") from error
        if not found:
            raise SourceNotFound("nothing is at this path: give a folder or an archive of Synthea's CSV files")
        self._path = path
        self._read = 0
        # Bytes to be read in all, compressed ones in an archive: what `read` will have reached at the end.
        self.size = 0
        self._position: IO[bytes] | None = None

    @property
    def read(self) -> int:
        """Bytes read until now."""
        return self._read + (self._position.tell() if self._position and not self._position.closed else 0)

    def files(self, names: frozenset[str]) -> Iterator[tuple[str, BufferedIOBase]]:
        """Each file whose name is wanted, open until the next one is asked for.

        Raises SourceUnreadable for what is no such source, is damaged, or has a name twice.
        """
        seen: set[str] = set()
        try:
            for name, file in self._members(names):
                if name in seen:
                    raise SourceUnreadable(f"there are two files {name}: give the folder or archive of one export")
                seen.add(name)
                yield name, file
        except DAMAGE as error:
            raise SourceUnreadable(f"the source is damaged or cannot be read ({type(error).__name__})") from error

    def _members(self, names: frozenset[str]) -> Iterator[tuple[str, BufferedIOBase]]:
        if self._path.is_dir():
            return self._folder(names)
        if self._path.name.endswith(".zip"):
            return self._zip(names)
        if self._path.name.endswith((".tar.zst", ".tar.gz", ".tgz")) and self._path.is_file():
            return self._tar(names)
        raise SourceUnreadable("neither a folder nor a .tar.zst, .tar.gz or .zip: give one of these")

    def _folder(self, names: frozenset[str]) -> Iterator[tuple[str, BufferedIOBase]]:
        # Synthea writes to output/csv: either may be given.
        folder = self._path / "csv" if (self._path / "csv").is_dir() else self._path
        paths = [folder / name for name in sorted(names) if (folder / name).is_file()]
        self.size = sum(path.stat().st_size for path in paths)
        for path in paths:
            with path.open("rb", buffering=_BLOCK) as file:
                self._position = file
                yield path.name, cast(BufferedIOBase, file)
                self._read += file.tell()

    def _zip(self, names: frozenset[str]) -> Iterator[tuple[str, BufferedIOBase]]:
        with zipfile.ZipFile(self._path) as archive:
            wanted = [
                member
                for member in archive.infolist()
                if not member.is_dir() and PurePosixPath(member.filename).name in names
            ]
            self.size = sum(member.compress_size for member in wanted)
            for member in wanted:
                with archive.open(member) as file:
                    yield PurePosixPath(member.filename).name, BufferedReader(cast(RawIOBase, file), _BLOCK)
                self._read += member.compress_size

    def _tar(self, names: frozenset[str]) -> Iterator[tuple[str, BufferedIOBase]]:
        self.size = self._path.stat().st_size
        with self._path.open("rb") as compressed:
            self._position = compressed
            with _decompressed(compressed, self._path.name) as stream:
                ending = _Ending(stream)
                with tarfile.open(fileobj=cast(IO[bytes], ending), mode="r|", bufsize=_BLOCK) as archive:
                    for member in archive:
                        name = PurePosixPath(member.name).name
                        if not member.isfile() or name not in names:
                            continue
                        file = archive.extractfile(member)
                        if file is not None:
                            yield name, cast(BufferedIOBase, file)
                ending.check()
        self._read = self.size


@contextmanager
def _decompressed(compressed: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    if name.endswith(".zst"):
        with zstandard.ZstdDecompressor().stream_reader(compressed, read_across_frames=True) as reader:
            yield cast(IO[bytes], reader)
    else:
        with gzip.open(compressed) as file:
            yield cast(IO[bytes], file)


class _Ending(RawIOBase):
    """A tar stream that remembers its last bytes: a tar ends with two blocks of zeros, one cut short does not.

    The decompressor and tarfile both take a cut at the edge of a member for the end.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._last = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        data = self._stream.read(len(memoryview(buffer)))
        memoryview(buffer)[: len(data)] = data
        self._last = (self._last + data[-_TAR_END:])[-_TAR_END:]
        return len(data)

    def check(self) -> None:
        while self.read(_BLOCK):
            pass
        if self._last != bytes(_TAR_END):
            raise SourceUnreadable("the archive is cut short: fetch or make it again")
