"""Small files that carry passwords or state: complete or absent, and readable by their owner only."""

import os
from pathlib import Path

from embedded.errors import DataNotWritable


def write_private(file: Path, text: str) -> None:
    """Replaces the file's content in one step. Raises DataNotWritable."""
    fresh = file.with_name(f"{file.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(text)
        fresh.replace(file)
    except OSError as error:
        raise DataNotWritable(file, error.strerror or str(error)) from error
