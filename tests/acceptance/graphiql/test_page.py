"""A newcomer's first minutes in GraphiQL, in a real browser that can reach no other host."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.async_api import ConsoleMessage, Error, Page, expect

from tests.acceptance.chromium import closed_network_browser

expect.set_options(timeout=20_000)

_ANSWER = ".result-window .view-lines"


@dataclass
class _Watch:
    """What the page did that a closed network would not let it do, or that a user should not have to see."""

    addresses: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def on_page_error(self, error: Error) -> None:
        self.complaints.append(str(error))


@pytest.fixture
async def watch() -> _Watch:
    return _Watch()


@pytest.fixture
async def page(gateway_url: str, watch: _Watch) -> AsyncIterator[Page]:
    async with closed_network_browser() as browser:
        context = await browser.new_context(viewport={"width": 1500, "height": 900})
        context.on("request", lambda request: watch.addresses.append(request.url))
        context.on("requestfailed", lambda request: watch.complaints.append(f"failed: {request.url}"))
        context.set_default_timeout(20_000)
        opened = await context.new_page()
        opened.on("console", watch.on_console)
        opened.on("pageerror", watch.on_page_error)
        opened.on("websocket", lambda socket: watch.addresses.append(socket.url))
        yield opened

    own = urlsplit(gateway_url)
    strangers = [address for address in watch.addresses if urlsplit(address).scheme != "data"]
    strangers = [address for address in strangers if urlsplit(address).netloc != own.netloc]
    assert watch.addresses
    assert strangers == []
    assert watch.complaints == []


async def _open(page: Page, address: str) -> None:
    await page.goto(address)
    await expect(page).to_have_title("Anamnesis")
    await expect(page.locator(".graphiql-query-editor .view-lines")).to_be_visible()
    # The spinner ends with introspection; until then nothing completes and nothing is documented.
    await expect(page.locator(".graphiql-spinner")).to_have_count(0)


async def _write_query(page: Page, text: str, title: str = "<untitled>") -> None:
    await page.locator(".graphiql-query-editor .view-lines").click()
    await page.keyboard.press("Control+A")
    await page.keyboard.press("Delete")
    await page.keyboard.insert_text(text)
    # GraphiQL takes note of the operation's name a moment after the last key; the tab shows that it has.
    await expect(page.locator(".graphiql-tab-active")).to_contain_text(title)


async def _answer(page: Page) -> str:
    """The answer shown, as far as the window goes, with the editor's no-break spaces made plain."""
    return (await page.locator(_ANSWER).inner_text()).replace("\u00a0", " ")


async def test_a_typed_query_is_answered(page: Page, gateway_url: str) -> None:
    await _open(page, f"{gateway_url}/graphql")
    await _write_query(page, "{ __typename }")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(_ANSWER)).to_contain_text('"__typename"')
    assert re.search(r'"data": \{\s*"__typename": "Query"', await _answer(page))


async def test_the_page_starts_with_a_query_that_works(page: Page, gateway_url: str) -> None:
    await _open(page, f"{gateway_url}/graphql")
    await page.get_by_role("button", name="Execute query").click()
    await expect(page.locator(_ANSWER)).to_contain_text('"patients"')
    assert '"errors"' not in await _answer(page)


async def test_an_address_carries_query_and_variables(page: Page, gateway_url: str) -> None:
    asked = {
        "query": "query Described($name: String!) { __type(name: $name) { name kind } }",
        "variables": json.dumps({"name": "PatientSummary"}),
    }
    await _open(page, f"{gateway_url}/graphql?{urlencode(asked)}")
    await page.get_by_role("button", name="Execute query").click()
    await expect(page.locator(_ANSWER)).to_contain_text('"PatientSummary"')


async def test_the_schema_is_documented_from_introspection(page: Page, gateway_url: str) -> None:
    await _open(page, f"{gateway_url}/graphql")
    await page.get_by_role("button", name="Show Documentation Explorer").click()
    explorer = page.locator(".graphiql-doc-explorer")
    await explorer.get_by_role("link", name="Query", exact=True).first.click()
    await expect(explorer).to_contain_text("searchPatients")
    await expect(explorer).to_contain_text("PatientConnection")


async def test_the_editor_completes_checks_and_formats(page: Page, gateway_url: str) -> None:
    await _open(page, f"{gateway_url}/graphql")
    await _write_query(page, "{ sear")
    await page.keyboard.press("Control+Space")
    await expect(page.locator(".suggest-widget.visible")).to_contain_text("searchPatients")
    await page.keyboard.press("Escape")

    await _write_query(page, "{ nothingOfThatName }")
    await expect(page.locator(".graphiql-query-editor .squiggly-error").first).to_be_visible()

    await _write_query(page, "query   Named{__typename}", title="Named")
    await page.get_by_role("button", name="Prettify query").click()
    # Three lines and the empty one after the last newline.
    await expect(page.locator(".graphiql-query-editor .view-line")).to_have_count(4)


async def test_nothing_stays_in_the_browser(page: Page, gateway_url: str) -> None:
    await _open(page, f"{gateway_url}/graphql")
    await _write_query(page, "{ __typename }")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(_ANSWER)).to_contain_text('"__typename"')
    assert await page.evaluate("window.sessionStorage.length") > 0
    assert await page.evaluate("window.localStorage.length") == 0
    assert await page.context.cookies() == []
