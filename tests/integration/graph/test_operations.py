"""The README's operations and the statements they run, as golden files."""

import re
from pathlib import Path
from typing import Any

import pytest

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
