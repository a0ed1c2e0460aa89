"""GraphiQL from the project's own files: a hospital's network is closed, no other host is asked for any."""

import os
from functools import cache
from pathlib import Path
from typing import Final

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_DIST: Final = Path(__file__).parent / "dist"

# Monaco writes style elements while it runs, hence 'unsafe-inline' for styles, and only for styles. Its
# squiggles and arrows are data: images. An image that a description in the schema links to is refused.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


@cache
def _page() -> bytes:
    return (_DIST / "index.html").read_bytes()


def graphiql_page() -> HTMLResponse:
    """The page for a GET of the endpoint that prefers text/html.

    It reads `query` and `variables` from its own address; `graphiql_files` must be at `graphiql/` beside it.
    """
    return HTMLResponse(
        _page(),
        headers={
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Cache-Control": "no-cache",
            # The address may carry a patient's id in its variables.
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept",
            "X-Content-Type-Options": "nosniff",
        },
    )


class _HashedFiles(StaticFiles):
    """Files whose names change with their content, so that a browser never asks twice for one."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def graphiql_files() -> Mount:
    """The scripts, styles, workers and fonts of the page, at `/graphiql`."""
    return Mount("/graphiql", app=GZipMiddleware(_HashedFiles(directory=_DIST / "assets")), name="graphiql")
