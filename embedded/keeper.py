"""Runs one program and sees to it that it never outlives the process that asked for it.

    python -I -S keeper.py WATCH LOCK SPEC

WATCH is one end of a socket pair whose other end only the asking process holds: the program's id is written to it,
and its closing, however that process ended, means stop. A death signal alone would not do: Linux ties it to the
asking *thread*, not its process, and forgets it when the program changes its user.

The program inherits LOCK, so the lock is held until the last process of the run is gone. This file imports the
standard library only, because it runs outside the virtual environment.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_SWEEP_SECONDS = 5.0


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _die_with(parent: int, death_signal: int) -> None:
    """In the child, after its user has changed. The check closes the gap in which the keeper may have died."""
    _prctl(_PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        os._exit(1)


def _children() -> list[int]:
    """Processes whose parent is this one: the program, and orphans of it that Linux hands to the keeper."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = stat.read_text(errors="replace").rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                found.append(int(stat.parent.name))
    return found


def _sweep() -> None:
    """Kills what the program left behind. Its process group is not enough: every PostgreSQL backend leads its own."""
    deadline = time.monotonic() + _SWEEP_SECONDS
    while time.monotonic() < deadline:
        for pid in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def _stop(program: subprocess.Popen[bytes], steps: list[tuple[int, float]]) -> None:
    """Signals in order, each with the seconds it is given; SIGKILL ends what did not listen."""
    for number, grace in steps:
        program.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(grace)
            return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Nothing: the wakeup descriptor tells the loop. To ignore the signal instead would pass on to the program."""


def main() -> int:
    watch = socket.socket(fileno=int(sys.argv[1]))
    lock = int(sys.argv[2])
    spec = json.loads(sys.argv[3])
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    awake, wakeup = socket.socketpair()
    awake.setblocking(False)
    wakeup.setblocking(False)
    signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _noted)
    parent = os.getpid()
    user = {"user": spec["uid"], "group": spec["gid"], "extra_groups": []} if spec["uid"] is not None else {}
    try:
        program = subprocess.Popen(  # noqa: S603
            spec["argv"],
            pass_fds=(lock,),
            start_new_session=True,
            preexec_fn=lambda: _die_with(parent, spec["death_signal"]),  # this process has one thread
            **user,
        )
    except OSError as error:
        sys.stderr.write(f"{spec['argv'][0]}: {error.strerror}\n")
        return 127
    watch.sendall(b"%d\n" % program.pid)
    while program.poll() is None:
        ready, _, _ = select.select([watch, awake], [], [])
        stopping = watch in ready
        if awake in ready:
            stopping = bool(set(awake.recv(64)) - {signal.SIGCHLD}) or stopping
        if stopping:
            _stop(program, [(int(number), float(grace)) for number, grace in spec["stop"]])
    _sweep()
    return program.returncode if program.returncode >= 0 else 128 - program.returncode


if __name__ == "__main__":
    sys.exit(main())
