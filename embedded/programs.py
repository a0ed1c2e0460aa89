"""Server programs: where they are on this machine, and which version they are."""

import re
import subprocess
import sys
from importlib import util
from pathlib import Path

from embedded.process import User

_VERSION_SECONDS = 20.0


def in_wheel(package: str, *below: str) -> Path | None:
    """A path inside an installed package, which is not imported; None where there is no such wheel or path."""
    spec = util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent.joinpath(*below)
    return path if path.exists() else None


def version(program: Path, pattern: str, user: User | None = None) -> int | None:
    """The major version a program reports, run as the user; None if it cannot be run or says something else."""
    account = {"user": user.uid, "group": user.gid, "extra_groups": ()} if user else {}
    try:
        answer = subprocess.run(  # type: ignore[call-overload]  # noqa: S603
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=_VERSION_SECONDS,
            cwd="/",
            check=True,
            **account,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(pattern, answer)
    return int(found[1]) if found else None


def package_manager_advice(debian: str, homebrew: str) -> str:
    """How the packages are installed on this kind of machine."""
    return f"brew install {homebrew}" if sys.platform == "darwin" else f"apt-get install -y {debian}"
