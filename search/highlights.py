"""What in a row made it a hit, marked in the row's own text."""

from db.history import EventRow
from db.patients import PatientRow
from search.types import Highlight


def patient_highlights(query: str, row: PatientRow) -> list[Highlight]:
    """The fields of a patient that the query matches; fields are named as the schema names them."""
    raise NotImplementedError


def event_highlights(query: str, row: EventRow) -> list[Highlight]:
    """The fields of an event that the query matches; fields are named as the schema names them."""
    raise NotImplementedError
