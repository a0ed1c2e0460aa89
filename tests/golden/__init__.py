"""Golden files: what a change of code changes in SQL and plans shows up in its diff.

Run the tests with GOLDEN=write to write them anew, then read the diff.
"""

import os
from pathlib import Path

_FOLDER = Path(__file__).parent


def matches_golden(name: str, text: str) -> None:
    """Asserts that a text is what its golden file says."""
    file = _FOLDER / name.replace(": ", "/").replace(" ", "-")
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert file.exists(), f"no golden file {name}: run the test with GOLDEN=write and read what it wrote"
    assert text == file.read_text(), f"{name} changed: if that is right, run the test with GOLDEN=write"
