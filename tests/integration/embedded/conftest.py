import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder every user may enter, which pytest's own temporary ones are not."""
    folder = Path(tempfile.mkdtemp(prefix="anamnesis-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
