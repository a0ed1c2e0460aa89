"""Tries the demo as a newcomer would: clones the repository, runs `make demo`, asks for a chart, stops it with Ctrl-C.

Fails unless the demo becomes ready in time, answers, ends, and leaves no process behind. Once what it downloads is
in this user's caches, which `make test` sees to as well, it has a minute. Needs Python's own library only.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 300
WARM_SECONDS = 60
STOP_SECONDS = 60
MRN = "8051e24f-bc54-22da-6b4e-6d6bd539e15d"


def cached() -> bool:
    """Whether an earlier start left Elasticsearch, by far the largest download, in the cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return any((cache / "anamnesis").glob("elasticsearch-*"))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def get(url: str, body: bytes | None = None) -> dict[str, object]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"} if body else {})
    with urllib.request.urlopen(request, timeout=10) as response:
        answer: dict[str, object] = json.load(response)
        return answer


def wait_until_ready(url: str, demo: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if demo.poll() is not None:
            sys.exit(f"make demo ended with {demo.returncode} before it was ready")
        try:
            if get(f"{url}/readyz")["ready"]:
                return
        except (OSError, urllib.error.URLError, ValueError):
            pass
        time.sleep(0.25)
    sys.exit(f"make demo was not ready within {READY_SECONDS} s")


def left_behind(folder: Path) -> list[str]:
    """Processes that were started from the folder or work in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            where = os.readlink(entry / "cwd")
        except OSError:
            continue
        if int(entry.name) != os.getpid() and (str(folder) in command or where.startswith(str(folder))):
            found.append(f"{entry.name} {command[:200]}")
    return found


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="anamnesis-smoke-") as temporary:
        clone = Path(temporary) / "anamnesis"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        # A folder that the unprivileged user of PostgreSQL can reach, whatever the mode of the temporary one.
        Path(temporary).chmod(0o755)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANAMNESIS_")}
        seconds = WARM_SECONDS if cached() else READY_SECONDS
        began = time.monotonic()
        demo = subprocess.Popen(["make", "demo", f"PORT={port}"], cwd=clone, env=environment, start_new_session=True)
        try:
            wait_until_ready(url, demo)
            took = time.monotonic() - began
            print(f"ready after {took:.1f} s")
            assert took < seconds, f"make demo had {seconds} s to become ready"
            query = (clone / "examples" / "chart.graphql").read_text()
            answer = get(f"{url}/graphql", json.dumps({"query": query, "variables": {"mrn": MRN}}).encode())
            assert "errors" not in answer, answer["errors"]
            patient = answer["data"]["patient"]  # type: ignore[index]
            assert patient["mrn"] == MRN
            assert len(patient["encounters"]["nodes"]) == 20
            print("answered")
        finally:
            # What Ctrl-C does: the whole group in the foreground hears of it.
            if demo.poll() is None:
                os.killpg(demo.pid, signal.SIGINT)
            try:
                status = demo.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(demo.pid, signal.SIGKILL)
                demo.wait()
                status = None
        assert status is not None, f"make demo did not stop within {STOP_SECONDS} s"
        time.sleep(0.5)
        left = left_behind(Path(temporary))
        assert not left, "left behind:\n" + "\n".join(left)
        print("stopped, and nothing is left behind")


main()
