"""The ASGI application: what is served at which path."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.graphiql import graphiql_files, graphiql_page
from gateway.services import Open, connect
from gateway.settings import Settings
from graph.context import Context, Services
from graph.cursors import Cursors
from graph.http import GraphQLEndpoint
from graph.schema import schema


def build_app(settings: Settings) -> Starlette:
    """The gateway's application. It connects when its lifespan begins, and keeps its connections in `app.state.open`.

    The lifespan raises DatabaseUnavailable when PostgreSQL does not answer.
    """
    cursors = Cursors(settings.cursor_key.get_secret_value())

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with connect(settings) as opened:
            app.state.open = opened
            app.state.services = Services(opened.database, opened.search, cursors)
            yield

    def context() -> Context:
        return Context.begin(app.state.services)

    endpoint = GraphQLEndpoint(
        schema,
        context,
        page=graphiql_page,
        seconds=settings.request_seconds,
        at_once=settings.requests_at_once,
    )
    app = Starlette(
        lifespan=lifespan,
        middleware=[Middleware(_SecureHeaders)],
        routes=[
            Route("/", _home),
            Route("/graphql", endpoint),
            graphiql_files(),
            Route("/healthz", _health),
            Route("/readyz", _readiness),
        ],
        exception_handlers={404: _not_found, 405: _not_allowed},
    )
    return app


async def _home(_: Request) -> Response:
    return RedirectResponse("/graphql")


async def _health(_: Request) -> Response:
    """The process lives; what it depends on is no reason to restart it."""
    return JSONResponse({"alive": True})


async def _readiness(request: Request) -> Response:
    """Ready with a migrated database and Valkey; without Elasticsearch searches are slower, not gone."""
    opened: Open = request.app.state.open
    problems = {"database": await opened.database_problem(), "cache": await opened.redis_problem()}
    parts = {**problems, "search": await opened.search_problem()}
    ready = not any(problems.values())
    return JSONResponse(
        {"ready": ready, **{part: problem or "ok" for part, problem in parts.items()}},
        200 if ready else 503,
        {"Cache-Control": "no-store"},
    )


async def _not_found(_: Request, __: Exception) -> Response:
    return JSONResponse({"error": "There is nothing here: GraphQL is at /graphql."}, 404)


async def _not_allowed(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": "Use GET."}, 405, getattr(error, "headers", None))


class _SecureHeaders:
    """Headers for every answer that has not chosen its own."""

    _DEFAULTS = (
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    )

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._DEFAULTS:
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
