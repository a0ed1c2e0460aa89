"""The machine's own Chromium, shut off from every host but this one; a browser is never downloaded."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium_path() -> str:
    """The program to drive; fails the test with what to install when there is none."""
    for name in _NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    pytest.fail("Chromium is missing: apt-get install chromium, or run scripts/ensure-test-tools.sh")


@asynccontextmanager
async def closed_network_browser() -> AsyncIterator[Browser]:
    """A headless browser for which no name and no address but 127.0.0.1 exists."""
    arguments = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    if os.geteuid() == 0:
        # Chromium's sandbox refuses to run as root; the pages are the project's own.
        arguments.append("--no-sandbox")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=arguments, timeout=30_000)
        try:
            yield browser
        finally:
            await browser.close()
