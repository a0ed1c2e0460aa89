"""What is just allowed is answered well within the deadline, whatever its shape."""

import time
from collections.abc import Iterator

import pytest

from graph.cost import MAX_FIELDS, MAX_ROWS
from graph.documents import Documents
from graph.schema import schema
from tests.acceptance.asking import Client

_SECONDS = 5.0
"""The deadline, which does not interrupt the executor itself; on an idle machine each takes about a second."""


@pytest.fixture(scope="module")
def client(gateway_url: str) -> Iterator[Client]:
    client = Client(gateway_url)
    yield client
    client.close()


def _again(text: str, times: int) -> str:
    return " ".join(f"a{number}: {text}" for number in range(times))


@pytest.mark.parametrize(
    "below",
    [
        "history(first: 100) { nodes { id kind status recordedAt code { code } } }",
        f"history(first: 48) {{ nodes {{ {_again('recordedAt', 20)} }} }}",
        "history(first: 57) { nodes { id patient { id } } }",
        "encounters(first: 19) { nodes { patient { id } organization { name } practitioner { name } } } "
        "history(first: 25) { nodes { id } }",
        _again("history(first: 0) { pageInfo { hasNextPage } }", 31),
        _again("history(first: 1) { pageInfo { hasPreviousPage hasNextPage } nodes { id } }", 20),
        _again("history(first: 0) { totalCount }", 3),
        "history(first: 96) { nodes { id } } encounters(first: 96) { nodes { id } }",
    ],
    ids=["fields", "leaves", "records", "chain", "ends", "pages", "totals", "rows"],
)
def test_the_costliest_operations_are_answered_in_time(client: Client, below: str) -> None:
    query = f"{{ patients(first: 100) {{ nodes {{ {below} }} }} }}"
    price = Documents(schema._schema).prepare(query).operation(None).cost.price({})
    assert max(price.rows / MAX_ROWS, price.fields / MAX_FIELDS) > 0.7, price
    began = time.monotonic()
    assert len(client.ask(query)["patients"]["nodes"]) == 100
    assert time.monotonic() - began < _SECONDS


@pytest.mark.parametrize(
    "query",
    [
        f"{{ patients(first: 100) {{ nodes {{ {_again('history(first: 0) { totalCount }', 55)} }} }} }}",
        """{ patients(first: 1) { nodes { encounters(first: 100) { nodes { patient { history(first: 100) { nodes {
            id kind patient { id } encounter { id organization { name } practitioner { name } patient { id } }
        } } } } } } } }""",
    ],
    ids=["totals", "records"],
)
def test_what_would_take_longer_is_refused(client: Client, query: str) -> None:
    assert client.code(query) == "QUERY_TOO_COSTLY"


def test_a_size_that_becomes_a_page_counts_as_one(client: Client) -> None:
    below = "history(first: $a, last: $b) { nodes { id patient { id } } }"
    query = f"query ($a: Int, $b: Int) {{ patients(first: 100) {{ nodes {{ {below} }} }} }}"
    for variables in ({"a": 100.0}, {"b": 100}, {"a": None, "b": 100}, {"b": 100.0}):
        assert client.code(query, **variables) == "QUERY_TOO_COSTLY"
