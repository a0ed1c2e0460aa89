from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
import strawberry

from db.keyset import Page
from graph.cursors import Cursors
from graph.enums import HistoryKind
from graph.errors import ApiError, BadCursor, BadDatetime, BadFilter, BadId, BadInput, BadPage
from graph.inputs import EncounterFilter, HistoryFilter, PatientFilter, read_id, read_page, read_text
from graph.scalars import read_date, read_datetime, write_datetime

cursors = Cursors("a secret of at least thirty-two characters")
MORNING = datetime(2024, 1, 31, 8, tzinfo=UTC)


def page(**arguments: Any) -> Page:
    return read_page(cursors, "list", **({"first": None, "after": None, "last": None, "before": None} | arguments))


def test_pages() -> None:
    assert page() == Page(20)
    assert page(first=100) == Page(100)
    assert page(first=0) == Page(0)
    assert page(last=5) == Page(5, backward=True)
    after, before = cursors.seal("list", (1,)), cursors.seal("list", (2,))
    assert page(first=5, after=after, before=before) == Page(5, after=(1,), before=(2,))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"first": -1}, BadPage),
        ({"first": 101}, BadPage),
        ({"first": 100_000}, BadPage),
        ({"last": -1}, BadPage),
        ({"last": 101}, BadPage),
        ({"first": 1, "last": 1}, BadPage),
        ({"after": ""}, BadCursor),
        ({"before": "no cursor"}, BadCursor),
    ],
)
def test_bad_pages(arguments: dict[str, Any], error: type[ApiError]) -> None:
    with pytest.raises(error):
        page(**arguments)


def test_ids() -> None:
    text = "6edc389e-1660-7ac7-cb60-b9cfb1a63a5d"
    assert read_id(text) == UUID(text)
    for bad in (
        "",
        "1",
        text[:-1],
        text + "0",
        "{" + text + "}",
        text.replace("-", ""),
        "x" * 36,
        "\0" * 36,
        "00000000000040008000000000000001----",
        "00000000-0000-4000-8000-00000000000\u0661",
        "00000000-0000-4000-8000-0000000000_1",
    ):
        with pytest.raises(BadId):
            read_id(bad)


@pytest.mark.parametrize("bad", ["a\0b", "\ud800", "x" * 201])
def test_text_that_no_record_can_hold(bad: str) -> None:
    with pytest.raises(BadInput):
        read_text(bad)


def test_text() -> None:
    for good in ("", "García 🩺", "line\nbreak", "x" * 200):
        assert read_text(good) == good


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-01-31T08:00:00Z", MORNING),
        ("2024-01-31t08:00:00z", MORNING),
        ("2024-01-31T09:30:00+01:30", MORNING),
        ("2024-01-31T08:00:00.000Z", MORNING),
    ],
)
def test_datetimes(text: str, instant: datetime) -> None:
    assert read_datetime(text) == instant
    assert write_datetime(instant) == "2024-01-31T08:00:00Z"


@pytest.mark.parametrize(
    "bad",
    ["", "2024-01-31", "2024-01-31T08:00:00", "2024-02-30T08:00:00Z", "0001-01-01T00:00:00+10:00",
     "9999-12-31T23:59:59-10:00", "2024-W05-3T08:00:00Z", "2024-01-31T25:00:00Z", "20240131T080000Z", 5, None],
)  # fmt: skip
def test_bad_datetimes(bad: object) -> None:
    with pytest.raises(BadDatetime):
        read_datetime(bad)


def test_dates() -> None:
    assert read_date("2024-02-29") == date(2024, 2, 29)
    for bad in ("2023-02-29", "2024-2-9", "20240229", "", 5, "0000-01-01"):
        with pytest.raises(BadInput):
            read_date(bad)


def test_filters_that_contradict_themselves() -> None:
    with pytest.raises(BadFilter):
        HistoryFilter(from_=MORNING, to=MORNING).criteria()
    with pytest.raises(BadFilter):
        EncounterFilter(from_=MORNING, to=datetime(2023, 1, 1, tzinfo=UTC)).criteria()
    with pytest.raises(BadFilter):
        PatientFilter(birth_date_from=date(2000, 1, 2), birth_date_to=date(2000, 1, 1)).criteria()


def test_filters_name_each_value_once_and_not_too_many() -> None:
    criteria = HistoryFilter(kinds=[HistoryKind.CONDITION, HistoryKind.ALLERGY, HistoryKind.CONDITION]).criteria()
    assert criteria.kinds == ("ALLERGY", "CONDITION")
    assert HistoryFilter(codes=[]).criteria().codes == ()
    with pytest.raises(BadFilter):
        HistoryFilter(codes=[str(number) for number in range(51)]).criteria()
    with pytest.raises(BadFilter):
        PatientFilter(state=[str(n) for n in range(15)], city=[str(n) for n in range(15)]).criteria()
    with pytest.raises(BadId):
        EncounterFilter(organization_id=[strawberry.ID("x")]).criteria()
