"""The Node package that audits the endpoint and generates a TypeScript client."""

from pathlib import Path

import pytest

from tests.acceptance import node


@pytest.fixture(scope="session")
def client_package() -> Path:
    package = Path(__file__).parent
    node.install(package)
    return package
