"""Ports are remembered, and no two parts get one."""

import json
from pathlib import Path

import pytest

from embedded import ports


def test_a_port_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    assert ports.remembered(file, "valkey") == ports.remembered(file, "valkey")


def test_a_port_that_another_part_keeps_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ports.json"
    kept, other = ports.free(), ports.free()
    file.write_text(json.dumps({"postgres": kept}))
    found = iter([kept, kept, other])
    monkeypatch.setattr(ports, "free", lambda: next(found))
    assert ports.remembered(file, "valkey") == other
    assert json.loads(file.read_text()) == {"postgres": kept, "valkey": other}
