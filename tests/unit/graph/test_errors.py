"""Every code has a page and a way out, and nothing of a record passes the mask."""

import logging
from pathlib import Path

import pytest
from graphql import GraphQLError

import db.errors
from graph.errors import ERRORS, ApiError, BadCursor, DeadlineExceeded, Unavailable, internal, mask_all

_PAGES = Path(__file__).parents[3] / "docs" / "errors"


def test_each_code_has_a_page_and_each_page_a_code() -> None:
    assert {page.stem for page in _PAGES.glob("*.md")} == set(ERRORS)


@pytest.mark.parametrize("error", ERRORS.values())
def test_a_page_says_what_it_means_and_what_to_do(error: type[ApiError]) -> None:
    page = (_PAGES / f"{error.code}.md").read_text()
    assert page.startswith(f"# {error.code}\n")
    assert "```" in page
    assert "**What to do.**" in page
    assert error.retryable == ("Retryable." in page)


@pytest.mark.parametrize("error", ERRORS.values())
def test_an_error_says_what_to_do_next(error: type[ApiError]) -> None:
    formatted = error().formatted()
    assert formatted["message"].endswith(".")
    assert formatted["extensions"]["code"] == error.code
    assert formatted["extensions"]["hint"].endswith(".")
    assert (_PAGES.parents[1] / formatted["extensions"]["documentation"]).is_file()


def test_only_the_servers_own_trouble_is_a_5xx_and_only_that_is_worth_retrying() -> None:
    for error in ERRORS.values():
        assert error.retryable == (error.status in (503, 504)), error.code


def _raised(error: Exception) -> GraphQLError:
    try:
        raise error
    except type(error) as raised:
        return GraphQLError(str(raised), path=["patient"], original_error=raised)


def test_an_unexpected_error_is_hidden_and_logged_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        (formatted,) = mask_all([_raised(KeyError("Kunde533"))])
    assert formatted["path"] == ["patient"]
    assert formatted["extensions"]["code"] == "INTERNAL"
    assert "Kunde533" not in str(formatted)
    assert "Kunde533" not in caplog.text
    assert formatted["extensions"]["errorId"] in caplog.text
    assert "KeyError" in caplog.text
    assert f"{Path(__file__).name}:" in caplog.text


def test_what_led_to_an_error_is_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    try:
        try:
            raise ValueError("1949-05-24")
        except ValueError as first:
            raise RuntimeError("X79423272X") from first
    except RuntimeError as error:
        internal(error)
    assert "RuntimeError" in caplog.text
    assert "ValueError" in caplog.text
    assert "1949" not in caplog.text
    assert "X79" not in caplog.text


def test_a_failure_that_many_fields_share_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    shared = RuntimeError("batch")
    formatted = mask_all([GraphQLError("x", path=[place], original_error=shared) for place in range(5)])
    assert len({each["extensions"]["errorId"] for each in formatted}) == 1
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("raised", "code", "retryable"),
    [
        (BadCursor(), "BAD_CURSOR", False),
        (db.errors.DatabaseUnavailable("host"), Unavailable.code, True),
        (db.errors.DeadlineExceeded("select"), DeadlineExceeded.code, True),
        (TimeoutError(), DeadlineExceeded.code, True),
        (db.errors.FilterTooBroad("name a state"), "FILTER_TOO_BROAD", False),
    ],
)
def test_errors_of_the_layers_below_have_their_codes(raised: Exception, code: str, retryable: bool) -> None:
    (formatted,) = mask_all([_raised(raised)])
    assert formatted["extensions"]["code"] == code
    assert formatted["extensions"].get("retryable", False) is retryable
    assert "host" not in formatted["message"]


def test_a_code_that_is_not_in_the_catalogue_hides_its_error() -> None:
    class Stranger(Exception):
        code = "e3q8"

    (formatted,) = mask_all([_raised(Stranger("secret"))])
    assert formatted["extensions"]["code"] == "INTERNAL"
