"""Operations are bounded before the work that they would cause."""

import time
from pathlib import Path

import pytest
from graphql import get_introspection_query

from graph.cost import (
    AWAITED_FIELDS,
    INTROSPECTION_FIELDS,
    MAX_FIELDS,
    MAX_ROWS,
    OBJECT_FIELDS,
    SMALL_LIST,
    TOTAL_ROWS,
)
from graph.documents import Documents, InvalidDocument
from graph.errors import ApiError, OperationNotFound
from graph.limits import MAX_ALIASES, MAX_COMMENTS, MAX_DEPTH, MAX_REPEATS, MAX_ROOT_FIELDS, MAX_TOKENS
from tests.unit.graph.small import schema

_SECONDS = 1.0
"""Far more than any refusal takes, even beside others on two cores; exponential work takes hours."""


def _refusal(text: str, **variables: object) -> str:
    documents = Documents(schema._schema)
    began = time.process_time()
    try:
        documents.prepare(text).operation(None).check_cost(variables)
    except ApiError as error:
        return error.code
    except InvalidDocument:
        return "invalid"
    finally:
        assert time.process_time() - began < _SECONDS
    return "fine"


def _nested(levels: int, inner: str = "id") -> str:
    return "{ thing " + "{ parent " * (levels - 2) + "{ " + inner + " }" + " }" * (levels - 1)


def _doubling(levels: int, body: str = "") -> str:
    fragments = [f"fragment F{n} on Thing {{ ...F{n + 1} {body} ...F{n + 1} }}" for n in range(levels)]
    return "{ thing { ...F0 } } " + " ".join(fragments) + f" fragment F{levels} on Thing {{ id }}"


def _cyclic(size: int) -> str:
    fragments = [f"fragment F{n} on Thing {{ ...F{(n + 1) % size} }}" for n in range(size)]
    return "{ thing { ...F0 } } " + " ".join(fragments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_nested(MAX_DEPTH), "fine"),
        (_nested(MAX_DEPTH + 1), "QUERY_TOO_DEEP"),
        (_nested(150), "QUERY_TOO_DEEP"),
        ("{ thing " * 300 + "}" * 300, "QUERY_TOO_DEEP"),
        ("{" + "... {" * 100 + "__typename" + "}" * 101, "QUERY_TOO_DEEP"),
        ("{ echo(text: " + "[" * 300 + "]" * 300 + ") }", "QUERY_TOO_DEEP"),
        ("{ thing { id } " * 2, "syntax"),
        ("{ " + " ".join(f"a{n}: thing {{ id }}" for n in range(MAX_ROOT_FIELDS)) + " }", "fine"),
        ("{ " + " ".join(f"a{n}: thing {{ id }}" for n in range(MAX_ROOT_FIELDS + 1)) + " }", "QUERY_TOO_WIDE"),
        (
            "{ ...A ...B } fragment A on Query { "
            + " ".join(f"a{n}: thing {{ id }}" for n in range(MAX_ROOT_FIELDS))
            + " } fragment B on Query { thing { id } }",
            "QUERY_TOO_WIDE",
        ),
        ("{ thing { " + " ".join(f"a{n}: id" for n in range(MAX_ALIASES)) + " } }", "fine"),
        ("{ thing { " + " ".join(f"a{n}: id" for n in range(MAX_ALIASES + 1)) + " } }", "QUERY_TOO_WIDE"),
        ("{ thing { " + "id " * MAX_REPEATS + "} }", "fine"),
        ("{ thing { " + "id " * (MAX_REPEATS + 1) + "} }", "QUERY_TOO_WIDE"),
        ("{ thing { " + "parent { id } " * 400 + "} }", "QUERY_TOO_WIDE"),
        ("{ thing { id " + "@include(if: true) " * 60 + "} }", "QUERY_TOO_WIDE"),
        ("query A { thing { id } } " * 25, "QUERY_TOO_WIDE"),
        ("{ thing { " + "id " * MAX_TOKENS + "} }", "TOO_MANY_TOKENS"),
        ("#\n" * (MAX_COMMENTS + 1) + "{ thing { id } }", "TOO_MANY_TOKENS"),
        ("{ thing { id } }" + " " * 70_000, "TOO_MANY_TOKENS"),
        (_doubling(15), "QUERY_TOO_WIDE"),
        (_doubling(100), "QUERY_TOO_DEEP"),
        (_doubling(30, "parent { id }"), "QUERY_TOO_WIDE"),
        (_cyclic(2), "invalid"),
        (_cyclic(50), "invalid"),
        ("{ thing { ...Unknown } }", "invalid"),
        ("{ thing { missing } }", "invalid"),
        ("{ things(first: " + "9" * 5_000 + ") { nodes { id } } }", "invalid"),
        (get_introspection_query(), "fine"),
        ("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }", "invalid"),
    ],
)
def test_shapes(text: str, expected: str) -> None:
    if expected == "syntax":
        with pytest.raises(Exception, match="Syntax Error"):
            _refusal(text)
    else:
        assert _refusal(text) == expected


def _rows(text: str, **variables: object) -> int:
    return Documents(schema._schema).prepare(text).operation(None).cost.price(variables).rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("{ thing { id } }", 0),
        ("{ things { nodes { id } } }", 20),
        ("{ things(first: 3) { nodes { id } } }", 3),
        ("{ things(last: 7) { nodes { id } } }", 7),
        ("{ things(first: 0) { nodes { things { nodes { id } } } } }", 0),
        ("{ things(first: 10) { nodes { things(first: 5) { nodes { id } } } } }", 10 * (1 + 5)),
        ("{ things(first: 10) { nodes { parent { things(first: 5) { nodes { id } } } } } }", 10 * (1 + 5)),
        ("{ things(first: 10) { nodes { notes { id } } } }", 10 * (1 + 20)),
        ("{ a: things(first: 10) { nodes { id } } b: things(first: 10) { nodes { id } } }", 20),
        # One response key is one field, however often it stands there.
        ("{ things(first: 9) { nodes { id } } ...F } fragment F on Query { things(first: 9) { nodes { name } } }", 9),
        (
            "{ things(first: 10) { nodes { ...F } } } fragment F on Thing { things(first: 2) { nodes { id } } }",
            10 * (1 + 2),
        ),
        ("{ thing { ... on Node { ... on Thing { things(first: 4) { nodes { id } } } } } }", 4),
        ("query ($n: Int) { things(first: $n) { nodes { id } } }", 20),
        ("query ($n: Int = 6) { things(first: $n) { nodes { id } } }", 6),
    ],
)
def test_an_operation_may_return_the_product_of_its_pages(text: str, rows: int) -> None:
    assert _rows(text) == rows


def test_variables_set_the_size_of_pages() -> None:
    text = "query ($n: Int, $m: Int) { things(first: $n) { nodes { things(last: $m) { nodes { id } } } } }"
    assert _rows(text, n=50, m=2) == 50 * 3


@pytest.mark.parametrize("value", [100, 100.0, "100", True, -1, 101, 10**30, [100], {"n": 1}, 1.5])
def test_what_is_not_plainly_a_page_counts_as_the_largest(value: object) -> None:
    assert _rows("query ($n: Int) { things(first: $n) { nodes { id } } }", n=value) == 100


@pytest.mark.parametrize(
    ("variables", "rows"),
    [
        ({}, 20),
        ({"a": None, "b": None}, 20),
        ({"b": 100}, 100),
        ({"a": None, "b": 100}, 100),
        ({"a": 3}, 3),
        ({"a": 100, "b": 3}, 100),
        ({"a": None, "b": 100.0}, 100),
    ],
)
def test_of_two_sizes_the_greater_counts(variables: dict[str, object], rows: int) -> None:
    for arguments in ("first: $a, last: $b", "last: $b, first: $a"):
        assert _rows(f"query ($a: Int, $b: Int) {{ things({arguments}) {{ nodes {{ id }} }} }}", **variables) == rows


@pytest.mark.parametrize(("default", "rows"), [("6", 6), ("null", 20), ("600", 100), ("-1", 100)])
def test_a_variable_has_its_default_unless_it_is_null(default: str, rows: int) -> None:
    text = f"query ($n: Int = {default}) {{ things(first: $n) {{ nodes {{ id }} }} }}"
    assert _rows(text) == rows
    assert _rows(text, n=None) == 20
    assert _rows(text, n=2) == 2


def test_a_total_has_its_price_however_small_the_page() -> None:
    totals = " ".join(f"a{n}: things(first: 0) {{ totalCount }}" for n in range(7))
    assert _rows(f"{{ things(first: 10) {{ nodes {{ {totals} }} }} }}") == 10 * (1 + 7 * TOTAL_ROWS)


def _fields(text: str, **variables: object) -> int:
    return Documents(schema._schema).prepare(text).operation(None).cost.price(variables).fields


_PAGE = 2 * AWAITED_FIELDS
"""A connection and its nodes."""


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("{ __typename }", 1),
        ("{ thing { id name } }", AWAITED_FIELDS + 2),
        ("{ thing { a: id b: id id id } }", AWAITED_FIELDS + 3),
        ("{ thing { parent { id } } }", 2 * AWAITED_FIELDS + 1),
        ("{ thing { label { text } } }", AWAITED_FIELDS + OBJECT_FIELDS + 1),
        ("{ thing { labels { text } } }", AWAITED_FIELDS + OBJECT_FIELDS + SMALL_LIST),
        ("{ things(first: 7) { nodes { id name parent { id } } } }", _PAGE + 7 * (2 + AWAITED_FIELDS + 1)),
        ("{ things(first: 7) { totalCount nodes { id } } }", _PAGE + 1 + 7),
        ("{ things(first: 7) { nodes { ...F ... on Thing { id } } } } fragment F on Thing { id }", _PAGE + 7),
        ("{ things(first: 0) { nodes { id } } }", _PAGE),
        ("{ thing { notes { id } } }", 2 * AWAITED_FIELDS + 20),
        ("{ things(first: 10) { nodes { things(first: 5) { nodes { id } } } } }", _PAGE + 10 * (_PAGE + 5)),
        ("{ __schema { types { name } } }", INTROSPECTION_FIELDS),
    ],
)
def test_an_operation_may_return_its_fields_times_their_pages(text: str, fields: int) -> None:
    assert _fields(text) == fields


def test_more_fields_than_allowed_are_refused() -> None:
    text = "query ($n: Int) { things(first: 100) { nodes { things(first: $n) { nodes { %s } } } } }"
    few, many = (" ".join(f"a{number}: id" for number in range(size)) for size in (9, 11))
    assert _refusal(text % few, n=100) == "fine"
    assert _refusal(text % many, n=100) == "QUERY_TOO_COSTLY"
    assert _refusal(text % many, n=100.0) == "QUERY_TOO_COSTLY"
    assert _refusal(text % many, n=50) == "fine"


def test_more_rows_than_allowed_are_refused() -> None:
    text = """query ($n: Int) { things(first: 100) { nodes {
        things(first: 100) { nodes { id } } more: things(first: $n) { nodes { id } } } } }"""
    assert _refusal(text, n=99) == "fine"
    assert _refusal(text, n=100) == "QUERY_TOO_COSTLY"
    assert MAX_ROWS >= 100 * (1 + 100)


@pytest.mark.parametrize(
    "file", sorted((Path(__file__).parents[3] / "examples").glob("*.graphql")), ids=lambda f: f.stem
)
def test_the_examples_fit_with_room_to_spare(file: Path) -> None:
    from graph.schema import schema as chart

    documents = Documents(chart._schema)
    operation = documents.prepare(file.read_text()).operation(None)
    assert operation.cost.price({}).rows <= MAX_ROWS / 10
    assert operation.cost.price({}).fields <= MAX_FIELDS / 10


def test_documents_are_kept_and_forgotten() -> None:
    documents = Documents(schema._schema, most=2)
    first = documents.prepare("{ thing { id } }")
    assert documents.prepare("{ thing { id } }") is first
    documents.prepare("{ thing { name } }")
    assert documents.prepare("{ thing { id } }") is first
    documents.prepare("{ a: thing { name } }")
    assert documents.prepare("{ thing { id } }") is first
    documents.prepare("{ b: thing { name } }")
    documents.prepare("{ c: thing { name } }")
    assert documents.prepare("{ thing { id } }") is not first


def test_documents_are_forgotten_by_their_length_too() -> None:
    documents = Documents(schema._schema, characters=100)
    first = documents.prepare("{ thing { id } }")
    documents.prepare("{ thing { name } }" + " " * 60)
    assert documents.prepare("{ thing { id } }") is first
    documents.prepare("{ thing { name } }" + " " * 70)
    assert documents.prepare("{ thing { id } }") is not first


def test_operations_are_found_by_name() -> None:
    prepared = Documents(schema._schema).prepare("query A { thing { id } } query B { thing { name } }")
    assert prepared.operation("B").name == "B"
    for name in (None, "C"):
        with pytest.raises(OperationNotFound):
            prepared.operation(name)
