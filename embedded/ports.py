"""Ports on the loopback address: found free, remembered in the data folder."""

import json
import socket
from contextlib import closing
from pathlib import Path

from embedded.errors import PortInUse
from embedded.files import write_private

LOOPBACK = "127.0.0.1"


def free() -> int:
    """A port nobody listens on now. Somebody may take it before its server binds it, which PortInUse then says."""
    with closing(socket.socket()) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def taken(port: int) -> bool:
    """Whether a server could not bind the port. Connections that linger from an earlier run do not count."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
        return False


def require_free(port: int, wanted_by: str) -> None:
    """Raises PortInUse unless a server can bind the port."""
    if taken(port):
        raise PortInUse(port, wanted_by)


def remembered(file: Path, part: str) -> int:
    """The part's port of the last run if it is still free, else a new one, which the file then keeps."""
    ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    port = ports.get(part)
    if port is None or taken(port):
        others = {kept for name, kept in ports.items() if name != part}
        # A port that another part keeps is free until its server has bound it.
        port = free()
        while port in others:
            port = free()
        ports[part] = port
        write_private(file, json.dumps(ports, indent=2, sort_keys=True) + "\n")
    return port
