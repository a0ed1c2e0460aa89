"""Hits are marked in the text as it is written."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.history import EventRow
from db.patients import PatientRow
from search.highlights import event_highlights, patient_highlights
from search.types import Highlight

ID = UUID(int=1)


def patient(**values: Any) -> PatientRow:
    empty: dict[str, Any] = dict.fromkeys(PatientRow._fields)
    return PatientRow(**empty | {"id": ID, "identifiers": [], "deceased": False, "sex": "MALE"} | values)


def event(**values: Any) -> EventRow:
    empty: dict[str, Any] = dict.fromkeys(EventRow._fields)
    known = {"id": ID, "patient_id": ID, "kind": "OBSERVATION", "code_system": "s", "code": "8302-2"}
    return EventRow(**empty | known | {"recorded_at": datetime(2020, 1, 1, tzinfo=UTC)} | values)


def shown(highlights: list[Highlight]) -> dict[str, str]:
    return {
        highlight.field: "".join(f"[{part.text}]" if part.hit else part.text for part in highlight.parts)
        for highlight in highlights
    }


@pytest.mark.parametrize(
    ("query", "values", "marked"),
    [
        ("garcia", {"family_name": "García604"}, {"name.family": "[García]604"}),
        ("gar", {"family_name": "García604"}, {"name.family": "[Gar]cía604"}),
        ("garxia", {"family_name": "Garci\u0301a604"}, {"name.family": "[Garci\u0301a]604"}),
        ("jose", {"given_name": "Jose\u0301"}, {"name.given": "[Jose\u0301]"}),
        ("oneill", {"family_name": "O'Neill57"}, {"name.family": "[O'Neill]57"}),
        ("jones", {"family_name": "Smith-Jones"}, {"name.family": "Smith-[Jones]"}),
        ("1980", {"birth_date": date(1980, 5, 12)}, {"birthDate": "[1980]-05-12"}),
        ("1980-5-12", {"birth_date": date(1980, 5, 12)}, {"birthDate": "[1980-05-12]"}),
        ("db30c2", {"mrn": "1e62-db30-c273"}, {"mrn": "1e62-[db30-c2]73"}),
        ("salem maine", {"city": "Salem", "state": "Maine"}, {"address.city": "[Salem]", "address.state": "[Maine]"}),
        ("strasse", {"family_name": "Straße"}, {"name.family": "[Straße]"}),
        # Typing errors are looked for in given and family names only.
        ("garxia", {"family_name": "García604", "maiden_name": "Garcia"}, {"name.family": "[García]604"}),
        ("salen", {"city": "Salem", "middle_name": "Salem"}, {}),
        ("other", {"family_name": "García604"}, {}),
        ("", {"family_name": "García604"}, {}),
    ],
)
def test_patients(query: str, values: dict[str, Any], marked: dict[str, str]) -> None:
    assert shown(patient_highlights(query, patient(**values))) == marked


@pytest.mark.parametrize(
    ("query", "values", "marked"),
    [
        ("body hei", {"display": "Body Height"}, {"code.display": "[Body] [Hei]ght"}),
        ("8302-2", {"display": "Body Height"}, {"code.code": "[8302-2]"}),
        ("8302", {}, {"code.code": "[8302]-2"}),
        ("154.0 cm", {"value_number": 154.0, "value_unit": "cm"}, {"quantity.value": "[154]", "quantity.unit": "[cm]"}),
        ("smoker", {"value_text": "Former smoker"}, {"text": "Former [smoker]"}),
        (
            "hives",
            {"reactions": [{"display": "Cough"}, {"display": "Hives (finding)"}]},
            {"reactions.manifestation.display": "[Hives] (finding)"},
        ),
        ("smokr", {"value_text": "Former smoker", "display": "Smoker"}, {"code.display": "[Smoker]"}),
        ("diab diabetes", {"display": "Diabetes"}, {"code.display": "[Diabetes]"}),
    ],
)
def test_events(query: str, values: dict[str, Any], marked: dict[str, str]) -> None:
    assert shown(event_highlights(query, event(**values))) == marked


@given(st.text(max_size=40), st.text(max_size=80))
def test_parts_are_the_text(query: str, text: str) -> None:
    for highlight in patient_highlights(query, patient(family_name=text, mrn=text)):
        assert "".join(part.text for part in highlight.parts) == text
        assert any(part.hit for part in highlight.parts)
        assert all(part.text for part in highlight.parts)
