"""The schema that is served, the file that clients generate from, and the promise made to them."""

from pathlib import Path

from graphql import build_schema
from graphql.utilities import find_breaking_changes, find_dangerous_changes

from graph.schema import sdl

ROOT = Path(__file__).parents[3]


def test_the_file_is_what_is_served() -> None:
    assert (ROOT / "schema.graphql").read_text() == sdl(), "run `anamnesis schema export` and read the diff"


def test_nothing_breaks_the_contract() -> None:
    contract = build_schema((ROOT / "tests" / "contract.graphql").read_text())
    served = build_schema(sdl())
    assert [change.description for change in find_breaking_changes(contract, served)] == []
    assert [change.description for change in find_dangerous_changes(contract, served)] == []


def test_a_breaking_change_is_found() -> None:
    contract = build_schema((ROOT / "tests" / "contract.graphql").read_text())
    broken = build_schema(sdl().replace("speciality: String", "speciality: Int"))
    assert [change.description for change in find_breaking_changes(contract, broken)] == [
        "Field Practitioner.speciality changed type from String to Int."
    ]
