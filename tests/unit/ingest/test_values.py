import pytest

from ingest import values
from ingest.values import BadValue


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2014-03-08", ("2014-03-08T00:00:00Z", "t")),
        ("2014-03-08T09:31:55Z", ("2014-03-08T09:31:55Z", "f")),
        ("2014-03-08T09:31:55.25Z", ("2014-03-08T09:31:55.250000Z", "f")),
        ("2014-03-08T00:31:55+02:00", ("2014-03-07T22:31:55Z", "f")),
        ("2014-03-08T00:00:00Z", ("2014-03-08T00:00:00Z", "f")),
        ("0001-01-02", ("0001-01-02T00:00:00Z", "t")),
    ],
)
def test_a_moment_is_an_instant_in_utc_or_a_day(text: str, expected: tuple[str, str]) -> None:
    assert values.moment(text, "START") == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2014-02-30", "20140308", "2014-W10-6", "2014-03-08T09:31:55", "2014-03-08 09:31:55Z"),
        *("0000-01-01", "0001-01-01", "9999-12-31", "2014-03-08T25:00:00Z", "0001-01-01T00:00:00+14:00"),
        *("２０１４-03-08", "2014-03-08\n", "infinity"),
    ],
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(BadValue) as caught:
        values.moment(text, "START")
    assert caught.value.column == "START"
    assert not text or text not in caught.value.reason


@pytest.mark.parametrize("text", ["", "0001-01-02", "9999-12-29"])
def test_the_first_and_the_last_day_that_the_table_takes(text: str) -> None:
    assert values.day(text, "BIRTHDATE") == text


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-30", "9999-12-31", "0000-01-01", "1980-02-30", "1980-5-1"])
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(BadValue):
        values.day(text, "BIRTHDATE")


@pytest.mark.parametrize(
    ("text", "expected"), [("113.6", "113.6"), ("-1", "-1.0"), ("1e3", "1000.0"), ("1e-999", "0.0"), ("+2.50", "2.5")]
)
def test_a_number_is_finite_and_written_one_way(text: str, expected: str) -> None:
    assert values.number(text, "VALUE") == expected


@pytest.mark.parametrize("text", ["", "nan", "inf", "1_000", " 1", "1e999", "1,5", "0x10", "١"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(BadValue):
        values.number(text, "VALUE")


def test_ids_have_one_spelling() -> None:
    assert values.uuid("1E621F4C-DB30-C273-49E9-2DCAD508A9CB", "Id") == "1e621f4c-db30-c273-49e9-2dcad508a9cb"
    for text in ("", "1e621f4cdb30c27349e92dcad508a9cb", "{1e621f4c-db30-c273-49e9-2dcad508a9cb}", "x"):
        with pytest.raises(BadValue):
            values.uuid(text, "Id")


def test_counts_fit_their_column() -> None:
    assert values.small_count("32767", "DISPENSES") == "32767"
    assert values.small_count("", "DISPENSES") == ""
    for text in ("32768", "-1", "1.0", "99999999999"):
        with pytest.raises(BadValue):
            values.small_count(text, "DISPENSES")


def test_keys_of_indexes_are_bounded() -> None:
    assert values.code("1" * 64, "CODE")
    assert values.display("é" * 500, "DESCRIPTION")
    assert values.name("é" * 160, "LAST")
    for call, text in (
        (values.code, "1" * 65),
        (values.display, "x" * 501),
        (values.name, "x" * 501),
        # One character that decomposes to eighteen.
        (values.name, "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 20),
    ):
        with pytest.raises(BadValue):
            call(text, "COLUMN")
