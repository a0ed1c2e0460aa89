from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.cursors import Cursors
from graph.errors import BadCursor

SECRET = "a secret of at least thirty-two characters"
cursors = Cursors(SECRET)

positions = st.lists(
    st.uuids()
    | st.dates()
    | st.text(max_size=80).filter(lambda text: text.isprintable())
    | st.datetimes(timezones=st.just(UTC))
    | st.just(datetime.min)  # noqa: DTZ901 - a patient that was never seen
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False),
    min_size=1,
    max_size=4,
).map(tuple)


@given(positions)
def test_what_was_sealed_opens(position: tuple[Any, ...]) -> None:
    assert cursors.open("list", cursors.seal("list", position)) == position


@given(positions, st.data())
def test_a_changed_character_does_not_open(position: tuple[Any, ...], data: st.DataObject) -> None:
    cursor = cursors.seal("list", position)
    at = data.draw(st.integers(0, len(cursor) - 2))
    other = "A" if cursor[at] != "A" else "B"
    with pytest.raises(BadCursor):
        cursors.open("list", cursor[:at] + other + cursor[at + 1 :])


@given(st.text(max_size=100))
def test_what_nobody_sealed_does_not_open(text: str) -> None:
    with pytest.raises(BadCursor):
        cursors.open("list", text)


def test_another_list_or_another_secret_does_not_open() -> None:
    cursor = cursors.seal("history", (date(2020, 1, 1), UUID(int=1)))
    with pytest.raises(BadCursor):
        cursors.open("encounters", cursor)
    with pytest.raises(BadCursor):
        Cursors(SECRET + "!").open("history", cursor)


def test_the_same_position_has_the_same_cursor_and_does_not_show_in_it() -> None:
    cursor = cursors.seal("patients", ("garcia", "ana"))
    assert cursor == Cursors(SECRET).seal("patients", ("garcia", "ana"))
    assert "garcia" not in cursor


def test_a_huge_cursor_is_refused_unread() -> None:
    with pytest.raises(BadCursor):
        cursors.open("list", "A" * 1_000_000)
