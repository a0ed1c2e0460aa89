"""Date and DateTime as the contract writes them."""

import re
from datetime import UTC, date, datetime

import strawberry
from strawberry.schema.config import StrawberryConfig

from graph.errors import BadDatetime, BadInput

_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def write_datetime(value: datetime) -> str:
    """RFC 3339 in UTC, with Z; fractions only where there are any."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def read_datetime(value: object) -> datetime:
    """An instant in UTC. Raises BadDatetime for anything but RFC 3339 with an offset."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise BadDatetime
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadDatetime from error


def read_date(value: object) -> date:
    """A calendar day. Raises BadInput for anything but YYYY-MM-DD."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise BadInput("This is not a Date.", hint="Write YYYY-MM-DD.")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise BadInput("There is no such day.", hint="Write YYYY-MM-DD.") from error


CONFIG = StrawberryConfig(
    scalar_map={
        datetime: strawberry.scalar(
            name="DateTime",
            description="An instant: RFC 3339 in UTC with Z; an input needs an offset.",
            serialize=write_datetime,
            parse_value=read_datetime,
        ),
        date: strawberry.scalar(
            name="Date", description="A calendar day: YYYY-MM-DD.", serialize=date.isoformat, parse_value=read_date
        ),
    }
)
