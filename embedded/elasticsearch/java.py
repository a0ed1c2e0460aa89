"""The Java that runs Elasticsearch."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from embedded.errors import JavaMissing, JavaTooOld
from embedded.programs import package_manager_advice

_OLDEST = 17
_VERSION_SECONDS = 30.0


@dataclass(frozen=True)
class Java:
    """A program `java` and its feature release."""

    program: str
    release: int


def advice() -> str:
    """How to install what Elasticsearch needs."""
    return package_manager_advice("openjdk-17-jdk-headless maven", "openjdk maven")


def find() -> Java:
    """JAVA_HOME's Java, else the PATH's. Raises JavaMissing, JavaTooOld."""
    home = os.environ.get("JAVA_HOME")
    program = (shutil.which("java", path=f"{home}/bin") if home else None) or shutil.which("java")
    needed = f"Java {_OLDEST} or newer (it runs Elasticsearch)"
    if program is None:
        raise JavaMissing(needed, advice())
    try:
        said = subprocess.run(  # noqa: S603
            [program, "-version"], capture_output=True, text=True, timeout=_VERSION_SECONDS, check=True
        ).stderr
    except (OSError, subprocess.SubprocessError):
        raise JavaMissing(needed, f"{program} does not run; {advice()}") from None
    # "1.8.0_392" is Java 8, "17.0.15" and "21-ea" are what they say.
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    release = int(version[1]) if version else 0
    if release < _OLDEST:
        raise JavaTooOld(program, release, _OLDEST, advice())
    return Java(program, release)


def find_maven() -> str:
    """Maven, which fetches the server. Raises JavaMissing."""
    program = shutil.which("mvn")
    if program is None:
        raise JavaMissing("mvn (it fetches Elasticsearch)", advice())
    return program
