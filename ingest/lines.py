"""The rows of one CSV file: bytes to cells, a line at a time, in bounded memory.

Synthea writes no line break into a cell, so a line is a row. That keeps a stray quotation mark from swallowing the
rest of the file, and gives every fault its line.
"""

import csv
from collections.abc import Iterator, Sequence
from io import BufferedIOBase
from operator import itemgetter

from ingest.archive import DAMAGE
from ingest.errors import SourceUnreadable

# The longest line of a real export has some 500 bytes.
LINE_BYTES = 65_536
FILE_BYTES = 64 << 30

Cells = tuple[str, ...]


class BadLine(Exception):
    """A line that is no row; the text says why."""


class Table:
    """A CSV file, opened at its header."""

    def __init__(self, name: str, file: BufferedIOBase, columns: Sequence[str]) -> None:
        """Reads the header.

        Raises SourceUnreadable if one of `columns`, those that are used, is missing.
        """
        self._file = file
        self._name = name
        self._bytes = 0
        self._ended = False
        try:
            header = self._split(self._next().removeprefix("\ufeff"))
        except BadLine as error:
            raise SourceUnreadable(f"{name}: the first line is no header: it {error}") from error
        missing = [column for column in columns if column not in header]
        if missing:
            raise SourceUnreadable(f"{name} has no column {', '.join(missing)}: is this an export of Synthea 3?")
        if len(set(header)) != len(header):
            raise SourceUnreadable(f"{name} has a column twice")
        self._width = len(header)
        self._pick = itemgetter(*(header.index(column) for column in columns))

    def rows(self) -> Iterator[tuple[int, Cells | BadLine]]:
        """Each line's number, counted from 1, and the used cells in the order of the columns, or why there are none."""
        number = 1
        while True:
            number += 1
            try:
                line = self._next()
                if not line:
                    if self._ended:
                        return
                    continue
                cells = self._split(line)
                if len(cells) != self._width:
                    raise BadLine(f"has {len(cells)} cells where the header has {self._width}")
            except BadLine as error:
                yield number, error
            else:
                yield number, self._pick(cells)

    def _next(self) -> str:
        """The next line without its end; an empty one at the end of the file, too."""
        line = self._piece()
        self._ended = not line
        if len(line) == LINE_BYTES and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = self._piece()
            raise BadLine(f"is longer than {LINE_BYTES} bytes")
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise BadLine("is not UTF-8") from error
        if "\0" in text:
            raise BadLine("holds a NUL character")
        return text.rstrip("\r\n")

    def _piece(self) -> bytes:
        try:
            piece = self._file.readline(LINE_BYTES)
        except DAMAGE as error:
            raise SourceUnreadable(f"{self._name} is damaged or cannot be read ({type(error).__name__})") from error
        self._bytes += len(piece)
        if self._bytes > FILE_BYTES:
            raise SourceUnreadable(f"{self._name} holds more than {FILE_BYTES >> 30} GiB")
        return piece

    @staticmethod
    def _split(line: str) -> list[str]:
        if '"' not in line:
            return line.split(",")
        try:
            return next(csv.reader((line,), strict=True))
        except csv.Error as error:
            raise BadLine("has quotation marks that do not pair") from error
