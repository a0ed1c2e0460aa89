"""Processes of this machine, by id and start time, so that a reused id is not taken for an old process."""

import time
from pathlib import Path
from typing import NamedTuple


class Seen(NamedTuple):
    pid: int
    started: str
    name: str


def _all() -> dict[int, tuple[int, Seen]]:
    """Every live process with its parent's id. The dead that nobody waited for yet do not count."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, tail = stat.read_text(errors="replace").rpartition(")")
        except OSError:
            continue
        fields = tail.split()
        if fields[0] != "Z":
            pid = int(stat.parent.name)
            found[pid] = (int(fields[1]), Seen(pid, fields[19], head.partition("(")[2]))
    return found


def below(ancestor: int) -> set[Seen]:
    """All descendants of a process."""
    processes = _all()
    family = {ancestor}
    grown = True
    while grown:
        grown = False
        for pid, (parent, _) in processes.items():
            if parent in family and pid not in family:
                family.add(pid)
                grown = True
    return {processes[pid][1] for pid in family - {ancestor}}


def wait_gone(seen: set[Seen], seconds: float) -> set[Seen]:
    """What of it still lives after at most so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        alive = seen & {process for _, process in _all().values()}
        if not alive or time.monotonic() > deadline:
            return alive
        time.sleep(0.05)
