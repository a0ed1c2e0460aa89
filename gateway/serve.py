"""Serves the application until it is told to stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator

import uvicorn
import uvloop
from starlette.applications import Starlette

from gateway import logs
from gateway.app import build_app
from gateway.errors import CannotListen
from gateway.settings import Settings

_GRACE_SECONDS = 8
_MOST_CONNECTIONS = 2_000


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises a captured signal again when it is done, which would kill us before we closed anything.
        loop = asyncio.get_running_loop()
        handled = (signal.SIGINT, signal.SIGTERM)
        for number in handled:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in handled:
                loop.remove_signal_handler(number)


def listen(host: str, port: int) -> socket.socket:
    """Takes the address before anything slow begins. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # From here on the port is ours; who connects waits until the server answers.
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"cannot listen on {host} port {port} ({error.strerror}): "
            "stop what listens there, or choose another port (--port, or make demo PORT=...)"
        ) from error
    return listener


def serve(
    settings: Settings,
    listener: socket.socket,
    beside: Callable[[Starlette], Awaitable[None]] | None = None,
) -> None:
    """Serves on `listener` until SIGINT or SIGTERM, then lets requests end for a few seconds and closes everything.

    `beside` runs once the server answers, in the same loop, and is cancelled with it. Raises DatabaseUnavailable.
    """
    logs.configure(settings.log_level)
    uvloop.run(_serve(settings, listener, beside))


async def _serve(
    settings: Settings, listener: socket.socket, beside: Callable[[Starlette], Awaitable[None]] | None
) -> None:
    logs.log_stray_exceptions(asyncio.get_running_loop())
    app = build_app(settings)
    server = _Server(
        uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            # Run here, so that an error of it is raised and not logged with its words.
            lifespan="off",
            log_config=None,
            # Addresses of GET requests hold queries, which hold patients.
            access_log=False,
            server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    async with app.router.lifespan_context(app):
        helper = asyncio.ensure_future(_beside(server, app, beside)) if beside is not None else None
        try:
            await server.serve(sockets=[listener])
        finally:
            if helper is not None:
                helper.cancel()
                await asyncio.wait({helper}, timeout=_GRACE_SECONDS)


async def _beside(server: _Server, app: Starlette, beside: Callable[[Starlette], Awaitable[None]]) -> None:
    await server.answers.wait()
    await beside(app)
