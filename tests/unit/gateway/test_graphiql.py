"""How the gateway hands GraphiQL's files to a browser."""

import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import graphiql

_DIST = Path(graphiql.__file__).parent / "dist"


async def _page(_: Request) -> Response:
    return graphiql.graphiql_page()


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/graphql", _page), graphiql.graphiql_files()])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")


async def test_every_file_the_page_names_is_served(client: httpx.AsyncClient) -> None:
    page = await client.get("/graphql")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    named = re.findall(r'"(graphiql/[^"]+)"', page.text)
    assert len(named) == 5
    for path in named:
        answer = await client.get(f"/{path}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"].startswith(("text/javascript", "text/css"))


async def test_the_policy_allows_this_host_only(client: httpx.AsyncClient) -> None:
    page = await client.get("/graphql")
    directives = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self'"
    allowed = {source for sources in directives.values() for source in sources.split()}
    assert allowed == {"'none'", "'self'", "'unsafe-inline'", "data:"}


async def test_the_page_is_asked_for_anew(client: httpx.AsyncClient) -> None:
    page = await client.get("/graphql")
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["vary"] == "Accept"


async def test_scripts_are_compressed_for_who_asks(client: httpx.AsyncClient) -> None:
    script = max((_DIST / "assets").glob("*.js"), key=lambda path: path.stat().st_size)
    answer = await client.get(f"/graphiql/{script.name}", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == script.read_bytes()


@pytest.mark.parametrize("path", ["nothing.js", "../index.html", "%2e%2e/index.html", "..%2f..%2f__init__.py", ""])
async def test_nothing_else_is_served(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/graphiql/{path}")).status_code == 404


def test_the_bundle_stays_small() -> None:
    assert sum(path.stat().st_size for path in _DIST.rglob("*") if path.is_file()) < 6_000_000


@pytest.mark.parametrize("package", ["graphiql", "monaco-editor", "react-dom", "prettier", "@fontsource/fira-code"])
def test_the_notices_name_what_is_bundled(package: str) -> None:
    notices = (_DIST / "THIRD-PARTY-NOTICES.txt").read_text()
    assert re.search(rf"^{re.escape(package)} \d+\.\d+\.\d+ \(\S+\)$", notices, re.MULTILINE)
