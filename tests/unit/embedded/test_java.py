"""Which Java is found, and what is said where none will do."""

from pathlib import Path

import pytest

from embedded.elasticsearch import java
from embedded.errors import JavaMissing, JavaTooOld


def _java(folder: Path, banner: str) -> None:
    program = folder / "java"
    folder.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\necho '{banner}' >&2\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("banner", "release"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21-ea" 2023-09-19', 21),
        ('java version "25" 2025-09-16 LTS', 25),
    ],
)
def test_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, banner: str, release: int) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    _java(tmp_path, banner)
    assert java.find() == java.Java(str(tmp_path / "java"), release)


@pytest.mark.parametrize(
    ("banner", "said"), [('java version "1.8.0_392"', "Java 8"), ('x version "11.0.2"', "Java 11")]
)
def test_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, banner: str, said: str) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    _java(tmp_path, banner)
    with pytest.raises(JavaTooOld, match=f"{said}, Elasticsearch needs 17 or newer: .*install"):
        java.find()


def test_java_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _java(tmp_path / "home/bin", 'openjdk version "21.0.1"')
    _java(tmp_path / "path", 'openjdk version "17.0.1"')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert java.find().release == 21


def test_java_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "java").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "java").chmod(0o755)
    with pytest.raises(JavaMissing, match="does not run; "):
        java.find()


def test_maven_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(JavaMissing, match=r"no mvn .it fetches Elasticsearch. found: .*maven"):
        java.find_maven()
