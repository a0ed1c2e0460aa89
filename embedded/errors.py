"""What can go wrong while a part is found or started. Each message is one line and says what to do next."""

from pathlib import Path


class EmbeddedError(Exception):
    """A part could not be had. `code` is stable; the message is safe to print and to log."""

    code = "EMBEDDED"


class DataInUse(EmbeddedError):
    """Another run holds the data folder."""

    code = "DATA_IN_USE"

    def __init__(self, data: Path, holder: str) -> None:
        super().__init__(f"{data} is in use by {holder}: stop that one, or choose another folder with DATA=...")


class DataNotWritable(EmbeddedError):
    """The data folder cannot be created or written."""

    code = "DATA_NOT_WRITABLE"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot write to {path} ({reason}): choose a folder you can write to with DATA=...")


class DataOfAnotherVersion(EmbeddedError):
    """The data folder was made by a PostgreSQL whose files this one cannot read."""

    code = "DATA_OF_ANOTHER_VERSION"

    def __init__(self, cluster: Path, made_by: str, found: int) -> None:
        super().__init__(
            f"{cluster} was made by PostgreSQL {made_by}, the one here is {found}: "
            "remove the whole data folder to start anew, or choose another folder with DATA=..."
        )


class CacheNotWritable(EmbeddedError):
    """The folder that keeps server programs between runs cannot be written."""

    code = "CACHE_NOT_WRITABLE"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot write to {path} ({reason}): set XDG_CACHE_HOME to a folder you can write to")


class PortInUse(EmbeddedError):
    """Somebody else listens on the port."""

    code = "PORT_IN_USE"

    def __init__(self, port: int, wanted_by: str) -> None:
        super().__init__(
            f"port {port} on 127.0.0.1 is in use and {wanted_by} needs it: "
            "stop what listens there, or choose another port"
        )


class PartMissing(EmbeddedError):
    """No program for a part: not in a wheel, not on this machine."""

    code = "PART_MISSING"

    def __init__(self, part: str, advice: str) -> None:
        super().__init__(f"no {part} found: {advice}")


class JavaMissing(PartMissing):
    """Elasticsearch needs Java, or Maven to be fetched, and the machine has none."""

    code = "JAVA_MISSING"


class JavaTooOld(EmbeddedError):
    """The Java found is older than Elasticsearch needs."""

    code = "JAVA_TOO_OLD"

    def __init__(self, java: str, found: int, needed: int, advice: str) -> None:
        super().__init__(f"{java} is Java {found}, Elasticsearch needs {needed} or newer: {advice}")


class FetchFailed(EmbeddedError):
    """A server program could not be downloaded, or is not the file that was expected."""

    code = "FETCH_FAILED"


class StepFailed(EmbeddedError):
    """A program that prepares a part ended with an error, or did not end in time."""

    code = "STEP_FAILED"

    def __init__(self, step: str, how: str, log: Path) -> None:
        super().__init__(f"{step} {how}: see {log}{_last_line(log)}")


class NotReady(EmbeddedError):
    """A part was started and ended, or did not answer within its deadline."""

    code = "NOT_READY"

    def __init__(self, part: str, how: str, log: Path) -> None:
        super().__init__(f"{part} {how}: see {log}{_last_line(log)}")


def _last_line(log: Path) -> str:
    """The end of a log, as a suffix for a message; empty when there is nothing to show."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - 4096))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return f" (its last line: {lines[-1].strip()[:300]})" if lines else ""
