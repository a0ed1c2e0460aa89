"""A program run under a keeper, so that it ends when this process does, whichever way that is."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import NotReady, StepFailed

_KEEPER = Path(__file__).with_name("keeper.py")
_HANDSHAKE_SECONDS = 30.0
_POLL_SECONDS = 0.03
# How much longer than its program a keeper may take to stop: its sweep of orphans, and its own end.
_KEEPER_GRACE_SECONDS = 10.0


@dataclass(frozen=True)
class User:
    """An account to run a program as."""

    uid: int
    gid: int


class Run:
    """The programs of one run: the lock they hold while they live, the folder of their logs, and their common end."""

    def __init__(self, lock: int, logs: Path) -> None:
        self.lock = lock
        self.logs = logs
        self._programs: list[Process] = []
        self._stopping = False
        self._changing = threading.Lock()

    def add(self, program: "Process") -> None:
        """Takes the program over. One that is started while the run stops is stopped with it."""
        with self._changing:
            self._programs.append(program)
            if self._stopping:
                program.ask_to_stop()

    def stop(self) -> None:
        """Stops all programs, side by side, and returns when they are gone. Safe to call again."""
        with self._changing:
            self._stopping = True
            programs = list(self._programs)
        for program in programs:
            program.ask_to_stop()
        for program in programs:
            program.stop()


@dataclass(frozen=True)
class Stop:
    """How a program is asked to end: signals in order, each with the seconds it is given before the next.

    `orphaned` is sent by Linux if the keeper itself is killed, when no one is left to count seconds.
    """

    steps: tuple[tuple[signal.Signals, float], ...]
    orphaned: signal.Signals

    @property
    def seconds(self) -> float:
        return sum(grace for _, grace in self.steps)


STEP_STOP = Stop(((signal.SIGTERM, 3.0),), signal.SIGKILL)


class Process:
    """One running program. Its log starts empty with each run and is readable by its owner only."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        run: Run,
        *,
        log: str,
        stop: Stop,
        cwd: Path | None = None,
        user: User | None = None,
        env: dict[str, str] | None = None,
        stdin: int = subprocess.DEVNULL,
    ) -> None:
        """Returns once the program has been started. Raises NotReady if it could not be."""
        self.name = name
        self.log = run.logs / f"{log}.log"
        self._stop = stop
        spec = {
            "argv": list(argv),
            "uid": user.uid if user else None,
            "gid": user.gid if user else None,
            "stop": stop.steps,
            "death_signal": stop.orphaned,
        }
        self._watch, theirs = socket.socketpair()
        output = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            self._keeper = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", str(_KEEPER), str(theirs.fileno()), str(run.lock), json.dumps(spec)],
                stdin=stdin,
                stdout=output,
                stderr=output,
                cwd=cwd,
                env=env,
                pass_fds=(theirs.fileno(), run.lock),
                start_new_session=True,  # Ctrl-C in a terminal is for us; we then stop in order
            )
        finally:
            theirs.close()
            os.close(output)
        run.add(self)
        self._watch.settimeout(_HANDSHAKE_SECONDS)
        try:
            answer = self._watch.recv(32)
        except OSError:
            answer = b""
        if not answer:
            self.stop()
            raise NotReady(name, "could not be started", self.log)
        self.pid = int(answer)

    def running(self) -> bool:
        return self._keeper.poll() is None

    def wait_ready(self, ready: Callable[[], bool], seconds: float) -> None:
        """Asks `ready` until it says yes. Raises NotReady, with the program stopped, if it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running():
                raise NotReady(self.name, "ended while starting", self.log)
            if time.monotonic() > deadline:
                self.stop()
                raise NotReady(self.name, f"did not become ready within {seconds:.0f} s", self.log)
            time.sleep(_POLL_SECONDS)

    def wait_done(self, seconds: float) -> None:
        """For a program that ends by itself. Raises StepFailed if it fails or takes too long; it is gone either way."""
        try:
            code = self._keeper.wait(seconds)
        except subprocess.TimeoutExpired:
            raise StepFailed(self.name, f"did not end within {seconds:.0f} s", self.log) from None
        finally:
            self.stop()
        if code:
            raise StepFailed(self.name, f"failed with exit code {code}", self.log)

    def ask_to_stop(self) -> None:
        """Lets the keeper begin to stop the program. Safe to call again, and from another thread."""
        with contextlib.suppress(OSError):
            self._watch.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """Stops the program and everything it started, and returns when they are gone. Safe to call again."""
        self.ask_to_stop()
        try:
            self._keeper.wait(self._stop.seconds + _KEEPER_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            # Its end is the program's end too: Linux signals the program when its keeper dies.
            with contextlib.suppress(ProcessLookupError):
                self._keeper.kill()
            self._keeper.wait()
        self._watch.close()
