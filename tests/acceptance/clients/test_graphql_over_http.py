"""The endpoint keeps the GraphQL-over-HTTP specification, as graphql-http's own audits see it."""

import json
from pathlib import Path

import pytest

from tests.acceptance import node


@pytest.fixture(scope="module")
def audits(client_package: Path, gateway_url: str) -> list[dict[str, str]]:
    results: list[dict[str, str]] = json.loads(node.run(client_package, "audit.mjs", f"{gateway_url}/graphql"))
    return results


@pytest.mark.parametrize(("level", "at_least"), [("MUST", 12), ("SHOULD", 20), ("MAY", 20)])
def test_audits_pass(audits: list[dict[str, str]], level: str, at_least: int) -> None:
    of_level = [audit for audit in audits if audit["name"].startswith(f"{level} ")]
    assert len(of_level) >= at_least, "graphql-http names its audits otherwise than this test expects"
    failed = [
        f"{audit['id']} {audit['name']}: {audit['status']}, {audit['reason']}"
        for audit in of_level
        if audit["status"] != "ok"
    ]
    assert failed == []
