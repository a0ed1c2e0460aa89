"""What matches what, and what it is worth: the one rule behind Elasticsearch's queries, the stand-in and highlights.

A query is parts separated by blanks, and each part must match. A part matches by its words, each within some field; or
by the record's key, the MRN or code; or, a patient's, by the date of birth. A score depends on the query and the record
alone, never on what else is indexed, so that pages stay as they are while the index changes. Weights are whole
numbers: their sums are the same in Elasticsearch's single precision.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from search import folding
from search.errors import QueryEmpty, QueryTooLong

LONGEST_QUERY = 200
MOST_WORDS = 10
_SHORTEST_TYPO, _SHORTEST_TWO_TYPOS, _LONGEST_TYPO = 4, 8, 32
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


class Tier(IntEnum):
    """How well a word of the query fits a word of the record, best first."""

    EXACT = 0
    PREFIX = 1
    TYPO = 2
    TWO_TYPOS = 3


class Weights(NamedTuple):
    """What a field's word is worth, by tier; 0 does not match. Looking for typing errors takes most of a search's time,
    so they are looked for where people make them."""

    exact: float
    prefix: float
    typo: float = 0
    two_typos: float = 0


class KeyRule(NamedTuple):
    """What the record's key is worth: all of it, its beginning of `shortest` characters or more, or its inside."""

    exact: float
    prefix: float
    inside: float | None
    shortest: int


class Rule(NamedTuple):
    """How a kind of record is matched. `naming`: words lose the numbers that Synthea appends to names."""

    fields: Mapping[str, Weights]
    key: KeyRule
    naming: bool


PATIENTS = Rule(
    {
        "family": Weights(10, 6, 3, 2),
        "given": Weights(10, 6, 3, 2),
        "maiden": Weights(8, 5),
        "middle": Weights(7, 4),
        "place": Weights(5, 3),
    },
    KeyRule(12, 8, 7, shortest=4),
    naming=True,
)
HISTORY = Rule(
    {
        "display": Weights(10, 6, 3, 2),
        "value": Weights(6, 4),
        "reason": Weights(4, 2),
    },
    KeyRule(12, 7, None, shortest=3),
    naming=False,
)
# A year, a month and a day of birth.
BORN = (5.0, 6.0, 8.0)


class Part(NamedTuple):
    """What stood between two blanks: itself, its words, itself as a key, and as a date, such as 1980-05, or ''."""

    text: str
    words: tuple[str, ...]
    key: str
    date: str


class Record(NamedTuple):
    """A record as it is matched: folded words by field, its key, and the dates of birth that it answers to."""

    words: Mapping[str, Sequence[str]]
    key: str
    dates: Sequence[str] = ()


def parse(query: str, rule: Rule) -> tuple[Part, ...]:
    """The parts of a query. Raises QueryEmpty when none has a letter or digit, QueryTooLong."""
    if len(query) > LONGEST_QUERY:
        raise QueryTooLong
    parts = []
    for text in query.split():
        found = folding.names(text) if rule.naming else folding.words(text)
        if found:
            parts.append(Part(text, tuple(dict.fromkeys(found)), folding.compact(text), _date(text)))
    if not parts:
        raise QueryEmpty
    if sum(len(part.words) for part in parts) > MOST_WORDS:
        raise QueryTooLong
    return tuple(dict.fromkeys(parts))


def edits(word: str) -> int:
    """How many letters of a word may be wrong: added, dropped, changed or swapped with the next."""
    if folding.is_number(word) or not _SHORTEST_TYPO <= len(word) <= _LONGEST_TYPO:
        return 0
    return 1 if len(word) < _SHORTEST_TWO_TYPOS else 2


def fit(asked: str, word: str) -> Tier | None:
    """How well a word that was asked for fits a word of the record."""
    if asked == word:
        return Tier.EXACT
    if folding.is_number(asked):
        return None
    if word.startswith(asked):
        return Tier.PREFIX
    distance = _distance(asked, word, edits(asked))
    return None if distance is None else Tier(Tier.PREFIX + distance)


def score(parts: Iterable[Part], record: Record, rule: Rule) -> float | None:
    """What a record is worth to a query; None when a part matches nothing in it."""
    total = 0.0
    for part in parts:
        worth = max(_by_words(part, record, rule), key_fits(part.key, record.key, rule.key), _by_date(part, record))
        if worth == 0:
            return None
        total += worth
    return total


def _by_words(part: Part, record: Record, rule: Rule) -> float:
    total = 0.0
    for asked in part.words:
        best = 0.0
        for field, weights in rule.fields.items():
            for word in record.words.get(field, ()):
                tier = fit(asked, word)
                if tier is not None:
                    best = max(best, weights[tier])
        if best == 0:
            return 0.0
        total += best
    return total


def key_fits(asked: str, key: str, rule: KeyRule) -> float:
    """What a key that was asked for is worth; 0 when it does not fit."""
    if asked and asked == key:
        return rule.exact
    if len(asked) < rule.shortest:
        return 0.0
    if key.startswith(asked):
        return rule.prefix
    return rule.inside if rule.inside is not None and asked in key else 0.0


def _by_date(part: Part, record: Record) -> float:
    return BORN[part.date.count("-")] if part.date and part.date in record.dates else 0.0


def _date(text: str) -> str:
    found = _DATE.fullmatch(text)
    return "-".join(number.zfill(2) for number in found.groups() if number) if found else ""


def _distance(first: str, second: str, most: int) -> int | None:
    """The number of edits between two words; None when it is more than `most`."""
    if abs(len(first) - len(second)) > most or most == 0:
        return None
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(second, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None
