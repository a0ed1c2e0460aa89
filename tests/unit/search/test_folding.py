"""Words as search compares them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import folding


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("José GARCÍA", ["jose", "garcia"]),
        ("Jose\u0301", ["jose"]),
        ("O'Neill O’Neill", ["oneill", "oneill"]),
        ("Łuczak-Müller Straße", ["luczak", "muller", "strasse"]),
        ("Body Height 140.0 cm", ["body", "height", "140", "cm"]),
        ("6.50 mm[Hg]", ["6.5", "mm", "hg"]),
        ("Diabetes (disorder)", ["diabetes", "disorder"]),
        ("a_b", ["a", "b"]),
        ("\ud800x\0y *:*", ["x", "y"]),
        ("ﬁne ½", ["fine", "1", "2"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert folding.words(text) == words


def test_names_lose_their_numbers() -> None:
    assert folding.names("Glover433 Al1 X2 1980") == ["glover", "al", "x2", "1980"]


def test_keys_keep_letters_and_digits() -> None:
    assert folding.compact("1E62-f4c/ 8302.2") == "1e62f4c83022"


@pytest.mark.parametrize(("text", "number"), [("140", True), ("6.5", True), ("b12", False), ("12b", False)])
def test_numbers(text: str, number: bool) -> None:
    assert folding.is_number(text) is number


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    once = folding.joined_words(text)
    assert folding.joined_words(once) == once


@given(st.text())
def test_located_words_are_the_words_and_lie_in_the_text(text: str) -> None:
    found, origins = folding.located(text)
    assert [word.text for word in found] == folding.words(text)
    assert origins == sorted(origins)
    assert origins[-1] == len(text)
    for word in found:
        assert folding.words(text[origins[word.start] : origins[word.end - 1] + 1])
