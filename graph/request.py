"""A request for an operation, read from HTTP strictly: what is not well formed is refused, never guessed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from graph.documents import check_text
from graph.errors import BadInput, BadRequest, BodyTooLarge
from graph.negotiation import check_content_type

MAX_BODY: Final = 256 * 1024
"""Bytes of a body."""
MAX_VARIABLES_DEPTH: Final = 20
_PARAMETERS: Final = ("query", "variables", "operationName", "extensions")


class ClientGone(Exception):
    """The client hung up: nobody waits for an answer."""


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What a client asks for."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None


def from_address(request: Request) -> GraphQLRequest:
    """The request in the address of a GET. Raises BadRequest or BadInput."""
    try:
        pairs = parse_qsl(
            request.scope["query_string"].decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=20,
        )
    except ValueError as error:
        raise BadRequest("The address is not text in UTF-8.") from error
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in given and name in _PARAMETERS:
            raise BadRequest(f"The parameter {name} is given twice.")
        given[name] = value
    for name in ("variables", "extensions"):
        if given.get(name):
            given[name] = _json(given[name].encode())
        else:
            # An empty parameter is one that is not given, as forms send it.
            given.pop(name, None)
    return _request(given)


async def from_body(request: Request, seconds: float) -> GraphQLRequest:
    """The request in the body of a POST that must arrive within `seconds`.

    Raises UnsupportedMediaType, BodyTooLarge, BadRequest, BadInput or ClientGone.
    """
    check_content_type(request.headers.get("content-type"), request.headers.get("content-encoding"))
    body = _json(await _body(request, seconds))
    if isinstance(body, list):
        raise BadRequest("Batches are not served.", hint="Send one operation a request; HTTP/1.1 keeps the connection.")
    if not isinstance(body, dict):
        raise BadRequest("The body is not a JSON object.")
    return _request(body)


async def _body(request: Request, seconds: float) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > MAX_BODY:
        raise BodyTooLarge(f"The body is larger than {MAX_BODY} bytes.")
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                body += message.get("body", b"")
                if len(body) > MAX_BODY:
                    raise BodyTooLarge(f"The body is larger than {MAX_BODY} bytes.")
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError as error:
        raise BadRequest("The body did not arrive in time.") from error


def _json(data: bytes) -> Any:
    """Strict JSON: no NaN, no broken UTF-8, no lone surrogates, bounded depth."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadRequest("The request is not JSON in UTF-8.") from error


def _request(given: Mapping[str, Any]) -> GraphQLRequest:
    query = given.get("query")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("The parameter query is missing or is not a string.")
    operation_name = given.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise BadRequest("The parameter operationName is not a string.")
    variables = given.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest("The parameter variables is not an object.")
    extensions = given.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequest("The parameter extensions is not an object.")
    _check_variables(variables)
    return GraphQLRequest(query, variables or {}, operation_name or None)


def _check_variables(variables: Any) -> None:
    waiting = [(variables, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_VARIABLES_DEPTH:
            raise BadInput(f"The variables nest more than {MAX_VARIABLES_DEPTH} deep.")
        match value:
            case str():
                check_text(value)
            case list():
                waiting.extend((each, depth + 1) for each in value)
            case dict():
                waiting.extend((each, depth + 1) for each in value.values())
