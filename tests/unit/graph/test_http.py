"""The endpoint answers by the GraphQL-over-HTTP specification, and refuses what it cannot read with a code."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.responses import HTMLResponse

from graph.http import GraphQLEndpoint
from graph.negotiation import GRAPHQL, JSON
from tests.unit.graph.small import Running, schema


@pytest.fixture
def running() -> Running:
    return Running()


@pytest.fixture
async def client(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    endpoint = GraphQLEndpoint(schema, running.begin, page=lambda: HTMLResponse("<p>page"), seconds=0.5, at_once=3)
    transport = httpx.ASGITransport(endpoint)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as opened:
        # The client's own headers would hide what happens without any.
        del opened.headers["accept"]
        del opened.headers["accept-encoding"]
        yield opened


async def _post(client: httpx.AsyncClient, query: str, accept: str = GRAPHQL, **rest: Any) -> httpx.Response:
    return await client.post("/graphql", json={"query": query, **rest}, headers={"Accept": accept})


def _codes(response: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


async def test_a_query_is_answered(client: httpx.AsyncClient, running: Running) -> None:
    response = await _post(client, "{ thing { id } }")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["vary"] == "Accept"
    assert response.json() == {"data": {"thing": {"id": "1"}}}
    assert (running.begun, running.closed) == (1, 1)


async def test_text_survives_in_utf_8(client: httpx.AsyncClient) -> None:
    response = await _post(client, "query ($t: String!) { echo(text: $t) }", variables={"t": "Zoë 李 🩺"})
    assert response.json() == {"data": {"echo": "Zoë 李 🩺"}}


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{GRAPHQL}; charset=utf-8", GRAPHQL),
        (f"{JSON};q=0, {GRAPHQL}", GRAPHQL),
        ("text/html, */*;q=0.1", JSON),
    ],
)
async def test_the_accepted_media_type_is_served(client: httpx.AsyncClient, accept: str | None, expected: str) -> None:
    headers = {} if accept is None else {"Accept": accept}
    response = await client.post("/graphql", json={"query": "{ thing { id } }"}, headers=headers)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{expected}; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/plain", "application/xml", f"{JSON};q=0", f"{JSON};q=nonsense"])
async def test_nothing_else_is_acceptable(client: httpx.AsyncClient, accept: str) -> None:
    response = await _post(client, "{ thing { id } }", accept)
    assert response.status_code == 406
    assert _codes(response) == ["NOT_ACCEPTABLE"]


async def test_browsers_get_the_page(client: httpx.AsyncClient) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for path in ("/graphql", "/graphql?query={thing{id}}"):
        response = await client.get(path, headers={"Accept": accept})
        assert response.text == "<p>page"
    response = await client.get("/graphql?query={thing{id}}", headers={"Accept": f"{JSON}, text/html;q=0.9"})
    assert response.json() == {"data": {"thing": {"id": "1"}}}


async def test_get_takes_queries(client: httpx.AsyncClient) -> None:
    query = "query A { thing { id } } query B($t: String!) { echo(text: $t) }"
    address = f"/graphql?query={quote(query)}&operationName=B&variables={quote(json.dumps({'t': 'Zoë'}))}&extensions="
    response = await client.get(address, headers={"Accept": GRAPHQL})
    assert response.json() == {"data": {"echo": "Zoë"}}


async def test_get_takes_no_mutation(client: httpx.AsyncClient) -> None:
    for accept in (JSON, GRAPHQL):
        response = await client.get("/graphql?query=mutation{write}", headers={"Accept": accept})
        assert response.status_code == 405
        assert response.headers["allow"] == "GET, POST"
        assert _codes(response) == ["METHOD_NOT_ALLOWED"]
    assert (await _post(client, "mutation { write }")).json() == {"data": {"write": "written"}}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_refused(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"
    assert _codes(response) == ["METHOD_NOT_ALLOWED"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {},
    ],
)
async def test_only_plain_json_in_utf_8_is_read(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    response = await client.post("/graphql", content=b'{"query":"{thing{id}}"}', headers=headers)
    assert response.status_code == 415
    assert _codes(response) == ["UNSUPPORTED_MEDIA_TYPE"]


@pytest.mark.parametrize("content_type", ["application/json", 'application/json; Charset="UTF-8"', "Application/JSON"])
async def test_json_may_say_that_it_is_utf_8(client: httpx.AsyncClient, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    response = await client.post("/graphql", content=b'{"query":"{thing{id}}"}', headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"7",
        b'"{ thing { id } }"',
        b"[]",
        b'[{"query":"{thing{id}}"}]',
        b"{}",
        b'{"query":""}',
        b'{"query":"  "}',
        b'{"query":null}',
        b'{"query":1}',
        b'{"query":["{thing{id}}"]}',
        b'{"query":"{thing{id}}","variables":"{}"}',
        b'{"query":"{thing{id}}","variables":[]}',
        b'{"query":"{thing{id}}","operationName":1}',
        b'{"query":"{thing{id}}","extensions":"x"}',
        b'{"query":"{thing{id}}","variables":{"n":NaN}}',
        b'{"query":"{thing{id}}","variables":{"n":Infinity}}',
        b'{"query":"\xff\xfe"}',
        b'{"query":"\xed\xa0\x80"}',
        b'{"query":"\\ud800"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"query":"{thing{id}}"}garbage',
    ],
)
async def test_a_body_that_is_no_request_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    for accept in (JSON, GRAPHQL):
        headers = {"Content-Type": JSON, "Accept": accept}
        response = await client.post("/graphql", content=body, headers=headers)
        assert response.status_code == 400
        assert _codes(response) == ["BAD_REQUEST"]
        assert "data" not in response.json()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "query=",
        "query=%ff",
        "query={thing{id}}&query={thing{id}}",
        "query={thing{id}}&variables={",
        "query={thing{id}}&variables=[]",
        "query={thing{id}}&variables=NaN",
        "query={thing{id}}&extensions=1",
        "&".join(f"a{n}=" for n in range(30)),
    ],
)
async def test_an_address_that_is_no_request_is_refused(client: httpx.AsyncClient, address: str) -> None:
    response = await client.get(f"/graphql?{address}", headers={"Accept": GRAPHQL})
    assert response.status_code == 400
    assert _codes(response) == ["BAD_REQUEST"]


async def test_a_body_has_a_largest_size(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b" " * 1024

    for content in (b" " * 300_000, pieces()):
        response = await client.post("/graphql", content=content, headers={"Content-Type": JSON})
        assert response.status_code == 413
        assert _codes(response) == ["BODY_TOO_LARGE"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ thing { id }", "GRAPHQL_PARSE_FAILED"),
        ("{ thing { id } } \0", "GRAPHQL_PARSE_FAILED"),
        ("{ thing { missing } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { x }", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment F on Thing { id }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { thing { id } } query B { thing { id } }", "OPERATION_NOT_FOUND"),
        ('{ echo(text: "\\u0000") }', "BAD_INPUT"),
        ('{ echo(text: "' + "a" * 10_001 + '") }', "BAD_INPUT"),
        ('{ at(moment: "yesterday") }', "BAD_DATETIME"),
        ("{" + "thing {" * 30 + "id" + "}" * 31, "QUERY_TOO_DEEP"),
        ("{ thing { " + "id " * 100 + "} }", "QUERY_TOO_WIDE"),
        ("{ thing { " + "id " * 3_000 + "} }", "TOO_MANY_TOKENS"),
        ("{ things(first: 100) { nodes { " * 3 + "id" + "} }" * 3 + " }", "QUERY_TOO_COSTLY"),
    ],
)
async def test_an_operation_that_cannot_run_says_why(client: httpx.AsyncClient, query: str, code: str) -> None:
    if code == "QUERY_TOO_COSTLY":
        query = "{ things(first: 100) { nodes { things(first: 100) { nodes { notes { id } } } } } }"
    for accept, status in ((JSON, 200), (GRAPHQL, 400)):
        response = await _post(client, query, accept)
        assert response.status_code == status
        assert set(_codes(response)) == {code}
        assert "data" not in response.json()


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ('query ($n: Int!) { echo(text: "a", number: $n) }', {"n": "Kunde533"}, "BAD_INPUT"),
        ('query ($n: Int!) { echo(text: "a", number: $n) }', {"n": 2**40}, "BAD_INPUT"),
        ('query ($n: Int!) { echo(text: "a", number: $n) }', {}, "BAD_INPUT"),
        ("query ($t: String!) { echo(text: $t) }", {"t": {"Kunde533": 1}}, "BAD_INPUT"),
        ("query ($t: String!) { echo(text: $t) }", {"t": "Kunde533\0"}, "BAD_INPUT"),
        ("query ($t: String!) { echo(text: $t) }", {"t": "Kunde533" * 2_000}, "BAD_INPUT"),
        ("query ($m: Moment!) { at(moment: $m) }", {"m": "Kunde533"}, "BAD_DATETIME"),
        ("query ($m: Moment!) { at(moment: $m) }", {"m": "broken"}, "BAD_INPUT"),
    ],
)
async def test_variables_that_do_not_fit_are_not_repeated(
    client: httpx.AsyncClient, query: str, variables: dict[str, Any], code: str
) -> None:
    response = await _post(client, query, variables=variables)
    assert response.status_code == 400
    assert _codes(response) == [code]
    assert "Kunde533" not in response.text
    assert "data" not in response.json()


async def test_a_value_of_ours_that_does_not_fit_is_our_fault(client: httpx.AsyncClient) -> None:
    response = await _post(client, "{ ratio thing { id } }")
    assert response.json()["data"] == {"ratio": None, "thing": {"id": "1"}}
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "nan" not in error["message"]


async def test_a_null_that_an_argument_does_not_take_is_the_clients(client: httpx.AsyncClient) -> None:
    query = 'query ($t: String = "a") { echo(text: $t) }'
    response = await _post(client, query, variables={"t": None})
    assert set(_codes(response)) == {"BAD_INPUT"}


async def test_literals_that_do_not_fit_are_not_repeated(client: httpx.AsyncClient) -> None:
    response = await _post(client, '{ echo(text: "a", number: "Kunde533") at(moment: "Kunde533") }')
    assert response.status_code == 400
    assert set(_codes(response)) == {"GRAPHQL_VALIDATION_FAILED", "BAD_DATETIME"}
    assert "Kunde533" not in response.text


async def test_variables_nest_only_so_deep(client: httpx.AsyncClient) -> None:
    deep: Any = "x"
    for _ in range(50):
        deep = {"x": [deep]}
    response = await _post(client, "{ thing { id } }", variables={"deep": deep})
    assert response.status_code == 400
    assert _codes(response) == ["BAD_INPUT"]


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("typed", "BAD_CURSOR"),
        ("coded", "SEARCH_BUSY"),
        ("gone", "UNAVAILABLE"),
        ("slow", "DEADLINE_EXCEEDED"),
        ("broad", "FILTER_TOO_BROAD"),
        ("unexpectedly", "INTERNAL"),
    ],
)
async def test_a_field_that_fails_leaves_the_others(
    client: httpx.AsyncClient, how: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = await _post(client, f'{{ thing {{ id }} fail(how: "{how}") }}')
    assert response.status_code == 200
    assert response.json()["data"] == {"thing": {"id": "1"}, "fail": None}
    (error,) = response.json()["errors"]
    assert error["path"] == ["fail"]
    assert error["locations"]
    assert error["extensions"]["code"] == code
    for secret in ("Kunde533", "password", "family_name"):
        assert secret not in response.text
        assert secret not in caplog.text


async def test_a_request_has_a_deadline(client: httpx.AsyncClient, running: Running) -> None:
    response = await _post(client, "{ wait(seconds: 30) }", JSON)
    assert response.status_code == 504
    assert _codes(response) == ["DEADLINE_EXCEEDED"]
    assert response.json()["errors"][0]["extensions"]["retryable"] is True
    assert (running.begun, running.cancelled, running.closed) == (1, 1, 1)


async def test_a_failing_context_is_an_internal_error(client: httpx.AsyncClient, running: Running) -> None:
    def fail() -> Running:
        raise RuntimeError("Kunde533")

    endpoint = GraphQLEndpoint(schema, fail)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(endpoint), base_url="http://gateway") as other:
        response = await _post(other, "{ thing { id } }")
    assert response.status_code == 500
    assert _codes(response) == ["INTERNAL"]
    assert "Kunde533" not in response.text
