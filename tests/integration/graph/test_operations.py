"""The README's operations and the statements they run, as golden files."""

import re
from pathlib import Path
from typing import Any

import pytest

from db import keyset
from graph.context import Services
from tests.golden import matches_golden
from tests.integration.graph.asking import ask
from tests.seed import HEAVY

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.graphql"))
VARIABLES: dict[str, Any] = {
    "id": str(HEAVY),
    "mrn": "MRN1",
    "patientId": str(HEAVY),
    "query": "garcia",
    "state": "Maine",
    "codes": ["OBSERVATION-3"],
}
ENCOUNTER = {"id": "0000000e-0000-4000-8000-000000000001"}


def readable(text: str) -> str:
    """A statement with its column lists cut short."""
    text = re.sub(r"SELECT (?!literal)((?:[\w.\"]+(?: AS \w+)?, ){5})[^()]*?(?=\s*\nFROM)", r"SELECT \1...", text)
    return re.sub(r"[ \t]+\n", "\n", text)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
async def test_statements_of_an_example(services: Services, file: Path) -> None:
    answer = await ask(services, file.read_text(), VARIABLES | (ENCOUNTER if file.stem == "encounter" else {}))
    assert answer.errors == []
    said = [f"-- {statement.name}\n{readable(statement.text)}\n" for statement in answer.statements]
    matches_golden(f"operations/{file.stem}.sql", "\n".join(sorted(said)))


async def test_the_number_of_parents_does_not_matter(services: Services) -> None:
    query = """query ($id: ID!, $n: Int) { patient(id: $id) { encounters(first: $n) { nodes {
        organization { name } practitioner { name } patient { mrn }
        events(first: 3) { totalCount pageInfo { hasNextPage } nodes { encounter { id } } }
    } } } }"""
    ran = []
    for number in (1, 7, 100):
        answer = await ask(services, query, {"id": str(HEAVY), "n": number})
        assert answer.errors == []
        assert len(answer.data["patient"]["encounters"]["nodes"]) == number
        ran.append(sorted(statement.name for statement in answer.statements))
    assert ran[0] == ran[1] == ran[2]
    assert len(set(ran[0])) == len(ran[0])


async def test_what_lies_beyond_a_page_is_one_statement_too(services: Services) -> None:
    first = "query ($id: ID!) { patient(id: $id) { history(first: 3) { pageInfo { endCursor } } } }"
    cursor = (await ask(services, first, {"id": str(HEAVY)})).data["patient"]["history"]["pageInfo"]["endCursor"]
    query = """query ($n: Int, $cursor: String) { patients(first: $n) { nodes {
        history(first: 1, after: $cursor) { nodes { id } pageInfo { hasNextPage hasPreviousPage } }
        back: history(last: 1, before: $cursor) { nodes { id } pageInfo { hasNextPage hasPreviousPage } }
    } } }"""
    ran = []
    for number in (1, 10, 100):
        answer = await ask(services, query, {"n": number, "cursor": cursor})
        assert answer.errors == []
        ran.append(sorted(statement.name for statement in answer.statements))
    assert ran[0] == ran[1] == ran[2]


async def test_an_empty_page_knows_what_lies_before_it(services: Services) -> None:
    query = """query ($id: ID!, $after: String, $before: String) { patient(id: $id) {
        last: encounters(last: 1) { pageInfo { startCursor hasNextPage hasPreviousPage } }
        first: encounters(first: 1) { pageInfo { endCursor hasNextPage hasPreviousPage } }
        beyond: encounters(after: $after) { nodes { id } pageInfo { hasNextPage hasPreviousPage } }
        ahead: encounters(last: 5, before: $before) { nodes { id } pageInfo { hasNextPage hasPreviousPage } }
    } }"""
    ends = (await ask(services, query, {"id": str(HEAVY)})).data["patient"]
    cursors = {
        "after": ends["last"]["pageInfo"].pop("startCursor"), "before": ends["first"]["pageInfo"].pop("endCursor")
    }  # fmt: skip
    assert ends["last"]["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True}
    assert ends["first"]["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False}
    found = (await ask(services, query, {"id": str(HEAVY)} | cursors)).data["patient"]
    assert found["beyond"] == {"nodes": [], "pageInfo": {"hasNextPage": False, "hasPreviousPage": True}}
    assert found["ahead"] == {"nodes": [], "pageInfo": {"hasNextPage": True, "hasPreviousPage": False}}


async def test_a_total_alone_reads_no_page(services: Services) -> None:
    query = "query ($id: ID!) { patient(id: $id) { history(first: 0) { totalCount } } }"
    answer = await ask(services, query, {"id": str(HEAVY)})
    assert answer.data["patient"]["history"]["totalCount"] > 20_000
    assert [statement.name for statement in answer.statements] == [
        "patients by id",
        "count of history of patient (valid)",
    ]
    more = "query ($id: ID!) { patient(id: $id) { history(first: 0) { nodes { id } pageInfo { hasNextPage } } } }"
    found = (await ask(services, more, {"id": str(HEAVY)})).data["patient"]["history"]
    assert found == {"nodes": [], "pageInfo": {"hasNextPage": True}}


async def test_a_refused_list_takes_no_other_with_it(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heavy patient's conditions of a code outnumber the bound; the other patient's do not."""
    monkeypatch.setattr(keyset, "REFINE_BOUND", 50)
    both = """query ($filter: HistoryFilter) {
        heavy: patient(mrn: "MRN1") { history(first: 100, filter: $filter) { nodes { id } } }
        other: patient(mrn: "MRN7") { history(first: 100, filter: $filter) { nodes { id } } }
    }"""
    answer = await ask(services, both, {"filter": {"codes": ["OBSERVATION-3"], "kinds": ["PROCEDURE"]}})
    assert answer.data == {"heavy": {"history": None}, "other": {"history": {"nodes": []}}}
    assert [error["extensions"]["code"] for error in answer.errors] == ["FILTER_TOO_BROAD"]


async def test_the_chart_in_six_statements(services: Services) -> None:
    query = """query ($id: ID!) { patient(id: $id) {
        id mrn name { full } birthDate sex
        encounters(first: 20) { nodes {
            id class startedAt reason { display } organization { name } practitioner { name }
            events(first: 10) { nodes { id kind recordedAt code { display } } }
        } }
        history(first: 50, filter: { kinds: [CONDITION, MEDICATION] }) { nodes { id kind status recordedAt } }
    } }"""
    answer = await ask(services, query, {"id": str(HEAVY)})
    assert answer.errors == []
    patient = answer.data["patient"]
    assert len(patient["encounters"]["nodes"]) == 20
    assert len(patient["history"]["nodes"]) == 50
    assert sum(len(node["events"]["nodes"]) for node in patient["encounters"]["nodes"]) == 200
    assert len(answer.statements) <= 6
