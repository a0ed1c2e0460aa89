"""What fits what, and what it is worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import QueryEmpty, QueryTooLong, SearchError
from search.matching import HISTORY, LONGEST_QUERY, PATIENTS, Record, Tier, fit, parse, score


@pytest.mark.parametrize(
    ("asked", "word", "tier"),
    [
        ("garcia", "garcia", Tier.EXACT),
        ("ga", "garcia", Tier.PREFIX),
        ("garxia", "garcia", Tier.TYPO),
        ("garica", "garcia", Tier.TYPO),
        ("garca", "garcia", Tier.TYPO),
        ("garccia", "garcia", Tier.TYPO),
        ("gaxxia", "garcia", None),
        ("hernxndxz", "hernandez", Tier.TWO_TYPOS),
        ("ann", "ana", None),
        ("anna", "annb", Tier.TYPO),
        ("140", "1400", None),
        ("1980", "1981", None),
        ("garcia", "ga", None),
    ],
)
def test_fit(asked: str, word: str, tier: Tier | None) -> None:
    assert fit(asked, word) is tier


PATIENT = Record({"family": ["garcia"], "given": ["jose"], "place": ["salem"]}, "mrn100200", ["1980", "1980-05"])


@pytest.mark.parametrize(
    ("query", "worth"),
    [
        ("garcia", 10),
        ("García604 JOSÉ", 20),
        ("gar", 6),
        ("garxia", 3),
        ("salem garcia", 15),
        ("garcia 1980", 15),
        ("garcia 1980-5", 16),
        ("mrn-100200", 12),
        ("mrn-10", 8),
        ("0020", 7),
        ("garcia smith", None),
        ("1981", None),
    ],
)
def test_score(query: str, worth: float | None) -> None:
    assert score(parse(query, PATIENTS), PATIENT, PATIENTS) == worth


def test_parts_are_kept_once() -> None:
    assert len(parse("garcia garcia", PATIENTS)) == 1


@pytest.mark.parametrize("query", ["", "  ", "*:*", "\0", "'"])
def test_nothing_to_search_for(query: str) -> None:
    with pytest.raises(QueryEmpty) as caught:
        parse(query, HISTORY)
    assert caught.value.code == "QUERY_EMPTY"


@pytest.mark.parametrize("query", ["x" * (LONGEST_QUERY + 1), "a-b-c-d-e-f-g-h-i-j-k", "é" * 10_000])
def test_too_much_to_search_for(query: str) -> None:
    with pytest.raises(QueryTooLong) as caught:
        parse(query, HISTORY)
    assert caught.value.code == "QUERY_TOO_LONG"


@given(st.text(max_size=250))
def test_any_text_is_parsed_or_refused(query: str) -> None:
    for rule in (PATIENTS, HISTORY):
        try:
            parts = parse(query, rule)
        except SearchError:
            continue
        assert parts
        assert all(part.words for part in parts)
