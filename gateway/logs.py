"""The log: one line an entry, on standard error, with nothing of a record in it.

Exceptions quote what they failed on, so only their types and places are written, never their words.
"""

import asyncio
import logging
import sys
from typing import Any

from graph.errors import places


class _Formatter(logging.Formatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return " < ".join(places(ei[1])) if ei[1] is not None else ""


def configure(level: str) -> None:
    """Sends every logger of this process to standard error, from `level` up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in ("elastic_transport", "httpx", "alembic", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))


def log_stray_exceptions(loop: asyncio.AbstractEventLoop) -> None:
    """Logs what no task waited for, by type and place: asyncio's own handler would print the exception."""

    def handle(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        where = " < ".join(places(error)) if isinstance(error, BaseException) else ""
        logging.getLogger("anamnesis.loop").error("%s %s", context.get("message", "stray failure"), where)

    loop.set_exception_handler(handle)
