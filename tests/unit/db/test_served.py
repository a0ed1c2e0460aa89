"""docs/filters.md says which pairs of filter and order are served: just those that are."""

import re
from datetime import date
from itertools import chain, combinations
from pathlib import Path

import pytest

from db.criteria import PatientCriteria
from db.errors import FilterTooBroad
from db.patients import SERVED, plan_patients

DOCS = Path(__file__).parents[3] / "docs" / "filters.md"
PARTS = {
    "state": {"states": ("Maine",)},
    "city": {"cities": ("Salem",)},
    "familyPrefix": {"family_prefix": "a"},
    "birthDate": {"birth_date_from": date(1990, 1, 1)},
}


def documented() -> dict[str, set[frozenset[str]]]:
    found = {}
    for order, cell in re.findall(r"^\| (NAME|BIRTH_DATE|LAST_ENCOUNTER) \| (.*) \|$", DOCS.read_text(), re.MULTILINE):
        sets = [set(re.findall(r"`(\w+)`", each)) for each in cell.split(" · ")]
        found[order] = {
            frozenset("birthDate" if name.startswith("birthDate") else name for name in names) for names in sets
        }
    return found


def test_the_page_lists_what_is_served() -> None:
    assert documented() == {order: set(filters) for order, (_, filters) in SERVED.items()}


@pytest.mark.parametrize("order", SERVED)
def test_everything_else_is_refused(order: str) -> None:
    for names in chain.from_iterable(combinations(PARTS, count) for count in range(len(PARTS) + 1)):
        given = {key: value for name in names for key, value in PARTS[name].items()}
        criteria = PatientCriteria(**given, sexes=("MALE",), deceased=True)
        if frozenset(names) in SERVED[order][1]:
            assert plan_patients(criteria, order)[0] is SERVED[order][0]
        else:
            with pytest.raises(FilterTooBroad):
                plan_patients(criteria, order)


def test_without_an_order_the_first_that_serves_is_taken() -> None:
    assert plan_patients(PatientCriteria(), None)[0] is SERVED["NAME"][0]
    assert plan_patients(PatientCriteria(birth_date_to=date(1990, 1, 1)), None)[0] is SERVED["BIRTH_DATE"][0]
