"""Whatever a client sends: a typed error with a stable code, never a 500, never a stack trace."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests import synthea
from tests.acceptance.asking import Client

PATIENT = synthea.biggest().id
HISTORY = """
    query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $filter: HistoryFilter) {
        patient(id: $id) {
            history(first: $first, after: $after, last: $last, before: $before, filter: $filter) { nodes { id } }
        }
    }
"""
PATIENTS = """
    query ($filter: PatientFilter, $order: PatientOrder) {
        patients(filter: $filter, orderBy: $order) { nodes { id } }
    }
"""


@pytest.fixture(scope="module")
def client(gateway_url: str) -> Iterator[Client]:
    client = Client(gateway_url)
    yield client
    client.close()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"first": 100_000}, "BAD_PAGE"),
        ({"first": -1}, "BAD_PAGE"),
        ({"last": -5}, "BAD_PAGE"),
        ({"first": 1, "last": 1}, "BAD_PAGE"),
        ({"first": 2**40}, "BAD_INPUT"),
        ({"after": "malformed"}, "BAD_CURSOR"),
        ({"after": "AAAA" * 20}, "BAD_CURSOR"),
        ({"before": "\0"}, "BAD_INPUT"),
        ({"filter": {"from": "2020-01-01T00:00:00Z", "to": "2019-01-01T00:00:00Z"}}, "BAD_FILTER"),
        ({"filter": {"from": "2020-01-01T00:00:00"}}, "BAD_DATETIME"),
        ({"filter": {"from": "yesterday"}}, "BAD_DATETIME"),
        ({"filter": {"codes": ["a\0b"]}}, "BAD_INPUT"),
        ({"filter": {"codes": ["x" * 5_000]}}, "BAD_INPUT"),
        ({"filter": {"codes": [str(n) for n in range(100)]}}, "BAD_FILTER"),
        ({"filter": {"kinds": ["UNKNOWN"]}}, "BAD_INPUT"),
    ],
)
def test_history(client: Client, arguments: dict[str, Any], code: str) -> None:
    assert client.code(HISTORY, id=PATIENT, **arguments) == code


def test_a_cursor_of_another_list(client: Client) -> None:
    query = "query ($id: ID!) { patient(id: $id) { encounters(first: 1) { pageInfo { endCursor } } } }"
    cursor = client.ask(query, id=PATIENT)["patient"]["encounters"]["pageInfo"]["endCursor"]
    assert client.code(HISTORY, id=PATIENT, after=cursor) == "BAD_CURSOR"


def test_a_failed_part_takes_nothing_with_it(client: Client, gateway_url: str) -> None:
    nodes = "{ nodes { id } }"
    query = f'{{ patient(id: "{PATIENT}") {{ good: history(first: 1) {nodes} bad: history(first: -1) {nodes} }} }}'
    body = httpx.post(f"{gateway_url}/graphql", json={"query": query}).json()
    assert body["data"]["patient"]["bad"] is None
    assert len(body["data"]["patient"]["good"]["nodes"]) == 1
    assert [error["path"] for error in body["errors"]] == [["patient", "bad"]]


@pytest.mark.parametrize("id_", ["", "1", "not an id", "6edc389e16607ac7cb60b9cfb1a63a5d", "\ud800", "'; drop table"])
def test_ids(client: Client, id_: str) -> None:
    query = f"query {{ node(id: {json.dumps(id_)}) {{ id }} }}"
    assert client.code(query) in ("BAD_ID", "BAD_INPUT", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED")


def test_an_unknown_id_is_null(client: Client) -> None:
    unknown = "00000000-0000-4000-8000-00000000dead"
    data = client.ask(
        "query ($id: ID!) { node(id: $id) { id } patient(id: $id) { id } encounter(id: $id) { id } }", id=unknown
    )
    assert data == {"node": None, "patient": None, "encounter": None}


def test_patient_takes_one_key(client: Client) -> None:
    assert client.code("{ patient { id } }") == "BAD_INPUT"
    assert client.code(f'{{ patient(id: "{PATIENT}", mrn: "{PATIENT}") {{ id }} }}') == "BAD_INPUT"


@pytest.mark.parametrize(
    ("filter_", "order"),
    [
        ({"city": ["Boston"]}, None),
        ({"city": ["Boston"], "state": ["Massachusetts"]}, "LAST_ENCOUNTER"),
        ({"familyPrefix": "K"}, "BIRTH_DATE"),
        ({"familyPrefix": "K"}, "LAST_ENCOUNTER"),
        ({"birthDateFrom": "1990-01-01"}, "NAME"),
        ({"birthDateFrom": "1990-01-01", "familyPrefix": "K"}, None),
    ],
)
def test_what_no_index_serves_is_refused(client: Client, filter_: dict[str, Any], order: str | None) -> None:
    assert client.code(PATIENTS, filter=filter_, order=order) == "FILTER_TOO_BROAD"


@pytest.mark.parametrize(
    ("query", "code"),
    [("x" * 10_000, "QUERY_TOO_LONG"), ("x" * 10_001, "BAD_INPUT"), ("", "QUERY_EMPTY"), ("  ", "QUERY_EMPTY"),
     ("a\0b", "BAD_INPUT")],
)  # fmt: skip
@pytest.mark.parametrize("field", ["searchPatients", "searchHistory"])
def test_searches(client: Client, field: str, query: str, code: str) -> None:
    assert client.code(f"query ($q: String!) {{ {field}(query: $q) {{ nodes {{ id }} }} }}", q=query) == code


@pytest.mark.parametrize("query", ["*:*", "AND OR NOT", "a OR (b", '"', "~^:{}[]\\/", "ſ", "🩺", "%_", "<em>"])
@pytest.mark.parametrize("field", ["searchPatients", "searchHistory"])
def test_search_has_no_syntax(client: Client, gateway_url: str, field: str, query: str) -> None:
    response = httpx.post(
        f"{gateway_url}/graphql",
        json={"query": f"query ($q: String!) {{ {field}(query: $q) {{ nodes {{ id }} }} }}", "variables": {"q": query}},
    )
    errors = response.json().get("errors", [])
    assert [error["extensions"]["code"] for error in errors] in ([], ["QUERY_EMPTY"])


def test_a_deep_query(client: Client) -> None:
    deep = "patient { encounters(first: 1) { nodes { " * 8 + "id" + " } } }" * 8
    assert client.code(f'{{ encounter(id: "{PATIENT}") {{ {deep} }} }}') == "QUERY_TOO_DEEP"


def test_a_wide_query(client: Client) -> None:
    wide = " ".join(f'a{n}: patient(id: "{PATIENT}") {{ id }}' for n in range(70))
    assert client.code(f"{{ {wide} }}") == "QUERY_TOO_WIDE"


def test_a_costly_query(client: Client) -> None:
    query = """query ($id: ID!) { patient(id: $id) { encounters(first: 100) { nodes {
        events(first: 100) { nodes { encounter { events(first: 100) { nodes { id } } } } } } } } }"""
    assert client.code(query, id=PATIENT) == "QUERY_TOO_COSTLY"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"query": 1}', b'{"query": "{ __typename }", "variables": []}', b"\xff\xfe\x00",
     b'{"query": "\xc3\x28"}', b'{"query": "{ __typename }", "variables": {"a": NaN}}', b"[" * 10_000],
)  # fmt: skip
def test_bodies(gateway_url: str, body: bytes) -> None:
    response = httpx.post(f"{gateway_url}/graphql", content=body, headers={"content-type": "application/json"})
    assert 400 <= response.status_code < 500
    assert all(error["extensions"]["code"] for error in response.json()["errors"])
    assert "Traceback" not in response.text
