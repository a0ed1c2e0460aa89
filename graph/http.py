"""The endpoint, by the GraphQL-over-HTTP specification.

In application/graphql-response+json a request that was not run is answered by 400; in application/json, where a proxy
may be the one who speaks, by 200. The server's own trouble has its status in either.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, TypeGuard, cast

import orjson
import strawberry
from graphql import ExecutionResult, GraphQLSyntaxError, OperationType, execute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.execution import optimized_is_awaitable

from graph.documents import Documents, InvalidDocument, Prepared
from graph.errors import (
    ApiError,
    BadRequest,
    BodyTooLarge,
    DeadlineExceeded,
    Internal,
    MethodNotAllowed,
    NotAcceptable,
    Unavailable,
    ValidationFailed,
    internal,
    mask_all,
)
from graph.negotiation import GRAPHQL, JSON, prefers_html, response_type
from graph.request import ClientGone, GraphQLRequest, from_address, from_body

_IS_AWAITABLE = cast("Callable[[Any], TypeGuard[Awaitable[Any]]]", optimized_is_awaitable)
_WAIT_SECONDS: Final = 0.5
"""How long a request waits for others to end before it is turned away."""
_UNWIND_SECONDS: Final = 1.0
"""How long a cancelled execution may take to give back what it holds before the answer goes out without it."""


class RequestContext(Protocol):
    """What resolvers reach through `info.context`."""

    def close(self) -> None:
        """Ends whatever the request still has under way."""


class GraphQLEndpoint:
    """An ASGI application for one path."""

    def __init__(
        self,
        schema: strawberry.Schema,
        context: Callable[[], RequestContext],
        *,
        page: Callable[[], Response] | None = None,
        seconds: float = 5.0,
        at_once: int = 200,
    ) -> None:
        """`page` answers browsers, `seconds` bounds one execution, `at_once` how many of them run."""
        self._schema = schema._schema
        self._executor = schema.execution_context_class
        self._documents = Documents(schema._schema)
        self._context = context
        self._page = page
        self._seconds = seconds
        self._slots = asyncio.Semaphore(at_once)
        self._most_waiting = at_once
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientGone:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        accept = request.headers.get("accept")
        if self._page is not None and request.method == "GET" and prefers_html(accept):
            return self._page()
        try:
            media_type = response_type(accept)
        except NotAcceptable as error:
            return _refused(error, JSON)
        try:
            if request.method == "POST":
                asked = await from_body(request, self._seconds)
            elif request.method == "GET":
                asked = from_address(request)
            else:
                raise MethodNotAllowed
            return await self._answer(asked, request, media_type)
        except ApiError as error:
            return _refused(error, media_type)
        except ClientGone:
            raise
        except Exception as error:
            return _encoded({"errors": [internal(error)]}, Internal.status, media_type)

    async def _answer(self, asked: GraphQLRequest, request: Request, media_type: str) -> Response:
        try:
            prepared = self._documents.prepare(asked.query)
            operation = prepared.operation(asked.operation_name)
            if request.method == "GET" and operation.type is not OperationType.QUERY:
                raise MethodNotAllowed("Only queries are served by GET.", hint="Send this operation by POST.")
            if operation.type is OperationType.SUBSCRIPTION:
                raise BadRequest("Subscriptions are not served over plain HTTP.")
            operation.check_cost(asked.variables)
        except InvalidDocument as invalid:
            return _not_run(mask_all(invalid.errors, ValidationFailed), media_type)
        except GraphQLSyntaxError as error:
            return _not_run(mask_all([error]), media_type)
        except ApiError as error:
            if error.status != 400:
                raise
            return _not_run([error.formatted()], media_type)
        result = await self._execute(prepared, asked, request)
        return _answered(result, media_type)

    async def _execute(self, prepared: Prepared, asked: GraphQLRequest, request: Request) -> ExecutionResult:
        async with self._slot():
            context = self._context()
            try:
                result = execute(
                    self._schema,
                    prepared.document,
                    context_value=context,
                    variable_values=asked.variables,
                    operation_name=asked.operation_name,
                    executor_class=self._executor,
                    is_awaitable=_IS_AWAITABLE,
                    operation_extensions=None,
                )
                if isinstance(result, ExecutionResult):
                    return result
                return await self._in_time(asyncio.ensure_future(result), request)
            finally:
                context.close()

    async def _in_time(self, execution: asyncio.Future[ExecutionResult], request: Request) -> ExecutionResult:
        """The result, unless the deadline passes or the client hangs up first: then the execution is cancelled."""
        hang_up = asyncio.ensure_future(_hang_up(request))
        try:
            both: set[asyncio.Future[Any]] = {execution, hang_up}
            await asyncio.wait(both, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            if execution.done():
                return execution.result()
            if hang_up.done():
                raise ClientGone
            raise DeadlineExceeded
        finally:
            hang_up.cancel()
            if not execution.done():
                execution.cancel()
                await asyncio.wait({execution}, timeout=_UNWIND_SECONDS)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        if self._slots.locked():
            if self._waiting >= self._most_waiting:
                raise Unavailable
            self._waiting += 1
            try:
                async with asyncio.timeout(_WAIT_SECONDS):
                    await self._slots.acquire()
            except TimeoutError as error:
                raise Unavailable from error
            finally:
                self._waiting -= 1
        else:
            await self._slots.acquire()
        try:
            yield
        finally:
            self._slots.release()


async def _hang_up(request: Request) -> None:
    # The body has been read, so the next message of any other type would be none of HTTP's.
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _answered(result: ExecutionResult, media_type: str) -> Response:
    if result.data is None and result.errors and all(error.path is None for error in result.errors):
        # Variables that do not fit: nothing was run, and the response has no entry `data`.
        return _not_run(mask_all(result.errors), media_type)
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = mask_all(result.errors)
    return _encoded(body, 200, media_type)


def _not_run(errors: list[dict[str, Any]], media_type: str) -> Response:
    return _encoded({"errors": errors}, 400 if media_type == GRAPHQL else 200, media_type)


def _refused(error: ApiError, media_type: str) -> Response:
    headers = {}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = "GET, POST"
    if isinstance(error, BodyTooLarge):
        # The rest of the body is not read.
        headers["Connection"] = "close"
    return _encoded({"errors": [error.formatted()]}, error.status, media_type, headers)


def _encoded(body: dict[str, Any], status: int, media_type: str, headers: dict[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(body),
        status,
        # Answers are about patients: no cache between us and the client may keep one.
        {"Cache-Control": "no-store", "Vary": "Accept", **(headers or {})},
        f"{media_type}; charset=utf-8",
    )
