"""Every error a client can meet: a stable code, what it means, what to do next.

A class's docstring is its default message. `mask_all` turns whatever happened into what a client may see: errors that
are meant for clients keep their words, anything else becomes INTERNAL with an id to find it in the log by.
"""

import logging
import traceback
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar
from uuid import uuid4

from graphql import (
    FloatValueNode,
    GraphQLError,
    GraphQLSyntaxError,
    IntValueNode,
    StringValueNode,
    ValueNode,
    print_ast,
)

import db.errors

logger = logging.getLogger("anamnesis.errors")


class ApiError(Exception):
    """The request cannot be answered."""

    code: ClassVar[str] = ""
    hint: str = ""
    status: ClassVar[int] = 400
    """The HTTP status where the error ends the whole request; an error beside data does not change the status."""
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        """Neither text may hold anything of a record, nor a value that the client sent."""
        super().__init__(message or self.__doc__ or self.code)
        if hint is not None:
            self.hint = hint

    @property
    def extensions(self) -> dict[str, Any]:
        """What a client's program reads."""
        extensions: dict[str, Any] = {"code": self.code, "documentation": f"docs/errors/{self.code}.md"}
        if self.hint:
            extensions["hint"] = self.hint
        if self.retryable:
            extensions["retryable"] = True
        return extensions

    def formatted(self) -> dict[str, Any]:
        """The error as it stands in a response when it belongs to no field."""
        return {"message": str(self), "extensions": self.extensions}


class BadId(ApiError):
    """This is not an id."""

    code = "BAD_ID"
    hint = "Ids are UUIDs, as the field `id` returns them."


class BadDatetime(ApiError):
    """This is not a DateTime."""

    code = "BAD_DATETIME"
    hint = "Write RFC 3339 with an offset, such as 2024-01-31T08:00:00Z."


class BadCursor(ApiError):
    """This cursor was not made for this list."""

    code = "BAD_CURSOR"
    hint = "Pass a cursor unchanged to the list that returned it; that of a search, to the same search."


class BadPage(ApiError):
    """These page arguments do not go together."""

    code = "BAD_PAGE"
    hint = "Give first (with after) or last (with before), between 0 and 100."


class BadFilter(ApiError):
    """This filter contradicts itself."""

    code = "BAD_FILTER"
    hint = "Make `from` earlier than `to`; `from` is inclusive, `to` exclusive."


class FilterTooBroad(ApiError):
    """No index serves this filter and order within a bounded read."""

    code = "FILTER_TOO_BROAD"
    hint = "Narrow the filter or choose another order: the page of this error lists the pairs that are served."


class BadInput(ApiError):
    """An argument or a variable has a value that its type does not allow."""

    code = "BAD_INPUT"
    hint = "Compare the value with the type of the argument in the schema."


class Forbidden(ApiError):
    """You may not see this."""

    code = "FORBIDDEN"
    hint = "Ask whoever runs this server for access."
    status = 403


class QueryTooLong(ApiError):
    """The search text is too long."""

    code = "QUERY_TOO_LONG"
    hint = "Search for at most 200 characters and 10 words."


class QueryEmpty(ApiError):
    """The search text is empty."""

    code = "QUERY_EMPTY"
    hint = "Give at least one letter or digit to search for."


class SearchBusy(ApiError):
    """Search is busy."""

    code = "SEARCH_BUSY"
    hint = "Try again in a moment."
    status = 503
    retryable = True


class SummaryTooLong(ApiError):
    """A part of a summary has more entries than a summary may."""

    code = "SUMMARY_TOO_LONG"
    hint = "Page through `history`, filtered by kind."


class ParseFailed(ApiError):
    """The document is not GraphQL."""

    code = "GRAPHQL_PARSE_FAILED"
    hint = "Correct the syntax at the given location."


class ValidationFailed(ApiError):
    """The document does not fit the schema."""

    code = "GRAPHQL_VALIDATION_FAILED"
    hint = "Compare the document with schema.graphql."


class OperationNotFound(ApiError):
    """The document holds no operation to run under this name."""

    code = "OPERATION_NOT_FOUND"
    hint = "Name one of the document's operations in operationName; with more than one, the name is required."


class QueryTooDeep(ApiError):
    """The operation nests too deeply."""

    code = "QUERY_TOO_DEEP"
    hint = "Ask for the inner records by their ids in a second request."


class QueryTooWide(ApiError):
    """The operation selects too much at once."""

    code = "QUERY_TOO_WIDE"
    hint = "Use fewer root fields, aliases, directives or fragments, or several requests."


class QueryTooCostly(ApiError):
    """The operation may read too many records or return too many fields."""

    code = "QUERY_TOO_COSTLY"
    hint = "Ask for smaller pages or fewer fields: page sizes multiply both down the tree."


class TooManyTokens(ApiError):
    """The document is too long."""

    code = "TOO_MANY_TOKENS"
    hint = "Send a shorter document, or split it."


class DeadlineExceeded(ApiError):
    """The answer took too long and was given up."""

    code = "DEADLINE_EXCEEDED"
    hint = "Ask for less at once, or try again in a moment."
    status = 504
    retryable = True


class Unavailable(ApiError):
    """The server cannot answer just now."""

    code = "UNAVAILABLE"
    hint = "Try again in a moment."
    status = 503
    retryable = True


class Internal(ApiError):
    """Something went wrong on the server."""

    code = "INTERNAL"
    hint = "Report it with its errorId: the server's log has the details under this id."
    status = 500


class BadRequest(ApiError):
    """This is not a GraphQL request."""

    code = "BAD_REQUEST"
    hint = 'Send a JSON object such as {"query": "{ __typename }"} in UTF-8.'


class MethodNotAllowed(ApiError):
    """This method is not served here."""

    code = "METHOD_NOT_ALLOWED"
    hint = "Use POST, or GET for a query."
    status = 405


class NotAcceptable(ApiError):
    """None of the media types that you accept can be served."""

    code = "NOT_ACCEPTABLE"
    hint = "Accept application/graphql-response+json or application/json."
    status = 406


class UnsupportedMediaType(ApiError):
    """The body has a media type or a charset that is not served."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    hint = "Send application/json in UTF-8, not compressed."
    status = 415


class BodyTooLarge(ApiError):
    """The request is too large."""

    code = "BODY_TOO_LARGE"
    hint = "Send a shorter document or fewer variables."
    status = 413


ERRORS: dict[str, type[ApiError]] = {error.code: error for error in ApiError.__subclasses__()}
"""The catalogue, by code."""


def mask_all(errors: Iterable[GraphQLError], otherwise: type[ApiError] = BadInput) -> list[dict[str, Any]]:
    """The errors of one response as a client sees them, each with message, locations, path and extensions.

    `otherwise` says what an error means that graphql-core raised itself, which depends on the phase it comes from. A
    failure that many fields share is logged once.
    """
    logged: dict[int, str] = {}
    masked = []
    for error in errors:
        formatted: dict[str, Any] = dict(error.formatted)
        public = _public(error, otherwise)
        formatted["message"] = str(public)
        formatted["extensions"] = public.extensions
        if isinstance(public, Internal):
            cause = _cause(error)
            error_id = logged.get(id(cause)) or _log(cause)
            logged[id(cause)] = formatted["extensions"]["errorId"] = error_id
        masked.append(formatted)
    return masked


def internal(error: BaseException) -> dict[str, Any]:
    """An unexpected failure of the whole request: logged, and shown as an id only."""
    formatted = Internal().formatted()
    formatted["extensions"]["errorId"] = _log(error)
    return formatted


def _public(error: GraphQLError, otherwise: type[ApiError]) -> ApiError:
    cause = _cause(error)
    match cause:
        case ApiError():
            return cause
        case GraphQLSyntaxError():
            return ParseFailed(cause.message)
        case GraphQLError():
            # Of a field that ran, only what points at a value in the document is about the client's input.
            if error.path is not None and not any(isinstance(node, ValueNode) for node in cause.nodes or ()):
                return Internal()
            return otherwise(_without_values(error))
        case db.errors.DatabaseUnavailable():
            return Unavailable()
        case db.errors.DeadlineExceeded() | TimeoutError():
            return DeadlineExceeded()
        case db.errors.FilterTooBroad():
            return FilterTooBroad(hint=cause.hint)
    # The layers below raise errors of their own, which carry one of the codes above when clients may see them.
    code = getattr(cause, "code", None)
    if isinstance(code, str) and code in ERRORS and code != Internal.code:
        return ERRORS[code](str(cause) or None, hint=getattr(cause, "hint", None))
    # Before any field runs, what a scalar raises says that it cannot read its input.
    return Internal() if error.path is not None else otherwise(_without_values(error))


def _without_values(error: GraphQLError) -> str:
    """graphql-core's message without the value it quotes, which may be of a record."""
    message = error.message.partition(", but encountered error")[0].partition("; found: ")[0]
    if message.startswith("Variable '$") and " has invalid value" in message:
        return f"{message.partition(': ')[0]}."
    for node in error.nodes or ():
        if isinstance(node, StringValueNode | IntValueNode | FloatValueNode):
            message = message.replace(print_ast(node), "this value")
    return message


def _cause(error: BaseException) -> BaseException:
    """What was raised first, below graphql-core's wrappers."""
    while isinstance(error, GraphQLError) and error.original_error is not None:
        error = error.original_error
    return error


def _log(error: BaseException) -> str:
    """Logs types and places, never messages, which may quote a record; returns the entry's id."""
    error_id = uuid4().hex
    logger.error("INTERNAL %s: %s", error_id, " < ".join(places(error)))
    return error_id


def places(error: BaseException) -> Iterator[str]:
    """Where an exception and those that led to it were raised, by type and place, without a word of theirs."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)[-12:]
        where = ", ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
        yield f"{type(current).__module__}.{type(current).__qualname__} at [{where}]"
        current = current.__cause__ or current.__context__
