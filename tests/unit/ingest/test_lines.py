from io import BytesIO

import pytest

from ingest import lines
from ingest.errors import SourceUnreadable
from ingest.lines import BadLine, Cells, Table


def rows(content: bytes, *columns: str) -> list[tuple[int, Cells | str]]:
    table = Table("file.csv", BytesIO(content), columns)
    return [(number, str(cells) if isinstance(cells, BadLine) else cells) for number, cells in table.rows()]


def test_cells_come_in_the_order_asked_for_whatever_else_there_is() -> None:
    assert rows(b"A,UNUSED,B\n1,x,2\n3,,4\n", "B", "A") == [(2, ("2", "1")), (3, ("4", "3"))]


def test_byte_order_mark_line_ends_blank_lines_and_a_last_line_without_end() -> None:
    assert rows(b"\xef\xbb\xbfA,B\r\n1,2\r\n\r\n3,4", "A", "B") == [(2, ("1", "2")), (4, ("3", "4"))]


def test_quoted_cells() -> None:
    assert rows(b'A,B\n"1, ""one""",2\n', "A", "B") == [(2, ('1, "one"', "2"))]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"1,\xff", "is not UTF-8"),
        (b"1,\xed\xa0\x80", "is not UTF-8"),
        (b"1,2\x00", "holds a NUL character"),
        (b"1", "has 1 cells where the header has 2"),
        (b"1,2,3", "has 3 cells where the header has 2"),
        (b'1,"2', "has quotation marks that do not pair"),
        (b"1," + b"x" * lines.LINE_BYTES, "is longer than 65536 bytes"),
        (b"1," + b"x" * 5 * lines.LINE_BYTES, "is longer than 65536 bytes"),
    ],
)
def test_a_bad_line_takes_no_other_with_it(line: bytes, why: str) -> None:
    assert rows(b"A,B\n1,2\n" + line + b"\n3,4\n", "A", "B") == [(2, ("1", "2")), (3, why), (4, ("3", "4"))]


def test_the_longest_line() -> None:
    longest = b"1," + b"x" * (lines.LINE_BYTES - 3)
    assert [number for number, cells in rows(b"A,B\n" + longest + b"\n3,4\n", "A", "B") if len(cells) == 2] == [2, 3]


@pytest.mark.parametrize("content", [b"", b"\n", b"A\n", b"A,A,B\n", b"A,B\x00\n", b"\xff,A,B\n"])
def test_a_header_that_is_not_as_it_should_be(content: bytes) -> None:
    with pytest.raises(SourceUnreadable, match=r"file\.csv"):
        rows(content, "A", "B")


def test_a_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "FILE_BYTES", 100)
    with pytest.raises(SourceUnreadable, match="holds more than"):
        rows(b"A,B\n" + b"1,2\n" * 50, "A", "B")
