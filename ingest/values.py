"""Single values of a source, checked and brought to one spelling.

Every function takes the text and the column it stands in, returns text that PostgreSQL reads (empty means null) and
raises BadValue otherwise. Sizes are bounded by what the indexes can hold, so that no row fails a whole batch.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from unicodedata import normalize

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,4})?", re.ASCII)
_COUNT = re.compile(r"\d{1,5}", re.ASCII)

_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_END = datetime(9999, 12, 31, tzinfo=UTC)
# 9999-12-30 is where patients without a date of birth are sorted.
_END_OF_DAYS = "9999-12-30"

CODE_CHARACTERS = 64
DISPLAY_CHARACTERS = 500
# A name is a key of an index after its compatibility decomposition, which can make it many times as long.
NAME_BYTES = 500
_SMALLINT = 32_767


class BadValue(Exception):
    """A value that cannot be what its column says."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(column, reason)
        self.column = column
        self.reason = reason


def required(text: str, column: str) -> str:
    if not text:
        raise BadValue(column, "is empty")
    return text


@lru_cache(16_384)
def uuid(text: str, column: str) -> str:
    if not _UUID.fullmatch(required(text, column)):
        raise BadValue(column, "is no UUID")
    return text.lower()


def optional_uuid(text: str, column: str) -> str:
    return uuid(text, column) if text else ""


@lru_cache(16_384)
def moment(text: str, column: str) -> tuple[str, str]:
    """The instant in UTC, and 't' if the source knows the day only: that day at 00:00Z then."""
    try:
        if _DAY.fullmatch(required(text, column)):
            value, day_only = datetime.fromisoformat(text).replace(tzinfo=UTC), "t"
        elif _INSTANT.fullmatch(text):
            value, day_only = datetime.fromisoformat(text).astimezone(UTC), "f"
        else:
            raise BadValue(column, "is neither a date nor an instant with its offset")
    except (ValueError, OverflowError) as error:
        raise BadValue(column, "is not in the calendar") from error
    if not _FIRST <= value < _END:
        raise BadValue(column, "lies outside of the years 1 to 9999")
    return value.isoformat().replace("+00:00", "Z"), day_only


def optional_moment(text: str, column: str) -> str:
    return moment(text, column)[0] if text else ""


def day(text: str, column: str) -> str:
    if not text:
        return ""
    if not _DAY.fullmatch(text):
        raise BadValue(column, "is no date")
    moment(text, column)
    if text >= _END_OF_DAYS:
        raise BadValue(column, "lies outside of the years 1 to 9999")
    return text


def number(text: str, column: str) -> str:
    """A finite number, at the precision of double."""
    if not _NUMBER.fullmatch(required(text, column)):
        raise BadValue(column, "is no number")
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise BadValue(column, "is too large")
    return repr(value)


def small_count(text: str, column: str) -> str:
    if not text:
        return ""
    if not _COUNT.fullmatch(text) or int(text) > _SMALLINT:
        raise BadValue(column, f"is no whole number from 0 to {_SMALLINT}")
    return text


@lru_cache(8_192)
def code(text: str, column: str) -> str:
    if len(required(text, column)) > CODE_CHARACTERS:
        raise BadValue(column, f"is longer than {CODE_CHARACTERS} characters")
    return text


def optional_code(text: str, column: str) -> str:
    return code(text, column) if text else ""


def display(text: str, column: str) -> str:
    if len(text) > DISPLAY_CHARACTERS:
        raise BadValue(column, f"is longer than {DISPLAY_CHARACTERS} characters")
    return text


def name(text: str, column: str) -> str:
    if len(text) > NAME_BYTES or len(normalize("NFKD", text).encode()) > NAME_BYTES:
        raise BadValue(column, f"is longer than {NAME_BYTES} bytes")
    return text
