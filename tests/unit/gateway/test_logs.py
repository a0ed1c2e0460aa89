"""The log says where something failed, never what it failed on."""

import asyncio
import logging

import pytest

from gateway import logs


@pytest.fixture
def _loggers_as_before() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.mark.usefixtures("_loggers_as_before")
def test_an_exception_is_logged_by_type_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    try:
        raise ValueError("Kunde533")
    except ValueError:
        logging.getLogger("anamnesis.test").exception("it failed")
    written = capsys.readouterr().err
    assert "it failed" in written
    assert "ValueError" in written
    assert f"{__name__.rpartition('.')[2]}.py:" in written
    assert "Kunde533" not in written


async def test_an_exception_nobody_waits_for_is_logged_by_type_and_place(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    logs.log_stray_exceptions(loop)
    try:
        loop.call_exception_handler({"message": "never retrieved", "exception": ValueError("Kunde533")})
    finally:
        loop.set_exception_handler(None)
    assert "never retrieved builtins.ValueError" in caplog.text
    assert "Kunde533" not in caplog.text
