"""A PostgreSQL server of our own, in DATA/postgres, open to its owner's password on the loopback address only."""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from embedded import postgres_programs
from embedded.errors import DataOfAnotherVersion
from embedded.files import write_private
from embedded.ports import LOOPBACK, require_free
from embedded.postgres_programs import Programs
from embedded.process import STEP_STOP, Process, Run, Stop, User

_NAME = "PostgreSQL"
_ROLE = "anamnesis"
_DATABASE = "anamnesis"
_READY_SECONDS = 120.0  # a crash just before may leave minutes of log to replay
_STEP_SECONDS = 120.0
_ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"
# SIGINT ends sessions and checkpoints; SIGQUIT drops everything and leaves recovery to the next start.
_STOP = Stop(((signal.SIGINT, 20.0), (signal.SIGQUIT, 6.0)), signal.SIGQUIT)

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "100",
    "timezone": "UTC",
    "jit": "off",
    "random_page_cost": "1.1",
    # Statements and key values are patients' data: errors are logged without them.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_LASTING = {
    "shared_buffers": "512MB",
    "effective_cache_size": "4GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
}
_THROWAWAY = {
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "1GB",
}


def start(data: Path, port: int, run: Run, *, fast: bool) -> tuple[Process, str]:
    """Starts the server, made on first use, and returns it with its URL once it answers.

    `fast` gives up durability: for data that is thrown away. Raises EmbeddedError.
    """
    require_free(port, _NAME)
    cluster = data / "postgres"
    user = _user(cluster)
    programs = postgres_programs.find(user)
    password = _prepare(programs, cluster, data / "postgres.password", user, run, fast=fast)
    _forget_reused_pid(cluster)
    settings = _SETTINGS | (_THROWAWAY if fast else _LASTING) | {"port": str(port)}
    argv = [str(programs.folder / "postgres"), "-D", _seen_by_server(cluster)]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    server = Process(_NAME, argv, run, log="postgres", stop=_STOP, cwd=cluster, user=user, env=_environment())
    server.wait_ready(lambda: _ready(cluster, server.pid), _READY_SECONDS)
    return server, f"postgresql://{_ROLE}:{password}@{LOOPBACK}:{port}/{_DATABASE}"


def _user(cluster: Path) -> User | None:
    """Whom to run as: PostgreSQL refuses to be root, so root hands it to whoever owns the data, else to nobody."""
    if os.geteuid() != 0:
        return None
    if cluster.exists() and (status := cluster.stat()).st_uid != 0:
        return User(status.st_uid, status.st_gid)
    account = pwd.getpwnam("nobody")
    # initdb insists on an account with a name, which the owner of a folder mounted into a container may not have.
    with contextlib.suppress(KeyError):
        owner = pwd.getpwuid(cluster.parent.stat().st_uid)
        account = owner if owner.pw_uid != 0 else account
    return User(account.pw_uid, account.pw_gid)


def _seen_by_server(cluster: Path) -> str:
    """The server's name for its data folder, which it is started in.

    Root's server runs as somebody who may be barred from a folder above (a clone under /root); this name leads
    to the folder without passing those.
    """
    return "/proc/self/cwd" if sys.platform == "linux" and os.geteuid() == 0 else str(cluster)


def _environment() -> dict[str, str]:
    """Ours without PG* variables, which would change what the programs do, and without a locale."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": "C", "LANG": "C"}


def _prepare(programs: Programs, cluster: Path, secret: Path, user: User | None, run: Run, *, fast: bool) -> str:
    """Makes the cluster if there is none and returns the role's password, setting a new one if it was lost."""
    if cluster.exists():
        made_by = (cluster / "PG_VERSION").read_text().strip()
        if made_by != str(programs.major):
            raise DataOfAnotherVersion(cluster, made_by, programs.major)
    if cluster.exists() and secret.exists():
        return secret.read_text().strip()
    password = secrets.token_urlsafe(24)
    statements = f"ALTER ROLE {_ROLE} PASSWORD '{password}';\n"
    if cluster.exists():
        _single_user(programs, cluster, statements, user, run)
        write_private(secret, password + "\n")
        return password
    # A cluster appears under its name complete or not at all; what an interrupted run left is removed.
    for leftover in cluster.parent.glob("postgres.new-*"):
        shutil.rmtree(leftover)
    fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=cluster.parent))
    if user is not None:
        os.chown(fresh, user.uid, user.gid)
    _initdb(programs, fresh, user, run, fast=fast)
    _single_user(programs, fresh, f"CREATE DATABASE {_DATABASE};\n{statements}", user, run)
    write_private(secret, password + "\n")
    fresh.rename(cluster)
    return password


def _initdb(programs: Programs, cluster: Path, user: User | None, run: Run, *, fast: bool) -> None:
    """Text sorts by code point whatever the machine's locale, and letters are Unicode's."""
    if programs.major >= 17:
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        locale = ["--locale=C", *([] if sys.platform == "darwin" else ["--lc-ctype=C.UTF-8"])]
    access = ["--auth-local=reject", "--auth-host=scram-sha-256"]
    argv = [str(programs.folder / "initdb"), "-D", _seen_by_server(cluster), f"--username={_ROLE}"]
    argv += ["--encoding=UTF8", "--no-instructions", *locale, *access, *(["--no-sync"] if fast else [])]
    _step("initdb", argv, cluster, user, run)
    (cluster / "pg_hba.conf").write_text(_ACCESS)


def _single_user(programs: Programs, cluster: Path, statements: str, user: User | None, run: Run) -> None:
    """Runs statements with no server listening, so that there is no moment without a password."""
    argv = [str(programs.folder / "postgres"), "--single", "-D", _seen_by_server(cluster), "template1"]
    with tempfile.TemporaryFile() as script:
        script.write(statements.encode())
        script.seek(0)
        _step("postgres --single", argv, cluster, user, run, stdin=script.fileno())


def _step(
    name: str, argv: list[str], cluster: Path, user: User | None, run: Run, *, stdin: int = subprocess.DEVNULL
) -> None:
    Process(
        name,
        argv,
        run,
        log="postgres-setup",
        stop=STEP_STOP,
        cwd=cluster,
        user=user,
        env=_environment(),
        stdin=stdin,
    ).wait_done(_STEP_SECONDS)


def _forget_reused_pid(cluster: Path) -> None:
    """Removes a dead server's `postmaster.pid` if its process id now belongs to some other program.

    PostgreSQL would take that program for itself; in a container, where ids start over, that is usual. The run's
    lock, which every process of a server inherits, already proves that no server of ours lives.
    """
    file = cluster / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(file.read_text().splitlines()[0])
        if "postgres" not in Path(f"/proc/{pid}/comm").read_text():
            file.unlink()


def _ready(cluster: Path, pid: int) -> bool:
    """Whether our own process, and no other, says in `postmaster.pid` that it accepts connections."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"
