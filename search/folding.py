"""Text as search compares it: lower case, without accents, cut into words. The same for what is indexed and asked.

Elasticsearch gets folded words separated by blanks, so that any node cuts and compares them alike.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

LONGEST_WORD = 64
_WORD = re.compile(r"\d+\.\d+|[^\W_]+")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_NUMBERED_NAME = re.compile(r"([^\W\d_]{2,})\d+")
_JOINING = "'’ʼ`´"
# Letters that have no decomposition, as people write them on a keyboard without them.
_PLAIN = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}


class _Folds(dict[int, str]):
    """What a character becomes: letters, digits and the point stay, apostrophes join, all else parts words."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = self._fold(chr(code))
        return folded

    @staticmethod
    def _fold(character: str) -> str:
        if character == "." or character in _JOINING:
            return character.strip(_JOINING)
        parts = unicodedata.normalize("NFKD", character)
        if parts and all(unicodedata.combining(part) for part in parts):
            return ""
        lowered = "".join(part for part in parts.lower() if not unicodedata.combining(part))
        return "".join(
            plain if plain.isalnum() else " " for letter in lowered for plain in (_PLAIN.get(letter, letter))
        )


_FOLDS = _Folds()


class Word(NamedTuple):
    """A folded word and where it stands in the folded text."""

    text: str
    start: int
    end: int


def words(text: str) -> list[str]:
    """The folded words of a text."""
    return [_shorten(found) for found in _WORD.findall(text.translate(_FOLDS))]


def names(text: str) -> list[str]:
    """The folded words of a name, without the number that Synthea appends: Glover433 is glover."""
    return [without_number(word) for word in words(text)]


def without_number(word: str) -> str:
    numbered = _NUMBERED_NAME.fullmatch(word)
    return numbered[1] if numbered else word


def compact(text: str) -> str:
    """An identifier or a code by its letters and digits alone."""
    return "".join(character for character in text.translate(_FOLDS) if character.isalnum())[:200]


def is_accent(character: str) -> bool:
    """Whether a character only changes the one before it."""
    return unicodedata.combining(character) != 0


def is_number(word: str) -> bool:
    """Numbers are found whole: neither by how they begin nor by what looks like them."""
    return _NUMBER.fullmatch(word) is not None


def sort_key(text: str) -> str:
    """A name as the database sorts it and as its prefixes are looked up: the function fold() of the migrations."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(character for character in decomposed if not "\u0300" <= character <= "\u036f").lower()[:256]


def located(text: str) -> tuple[list[Word], list[int]]:
    """The folded words with their places, and for each folded character the original one it comes from.

    The second list has one entry more: the end of the text.
    """
    folded: list[str] = []
    origins: list[int] = []
    for position, character in enumerate(text):
        piece = _FOLDS[ord(character)]
        folded.append(piece)
        origins += [position] * len(piece)
    origins.append(len(text))
    found = [Word(_shorten(match[0]), match.start(), match.end()) for match in _WORD.finditer("".join(folded))]
    return found, origins


@lru_cache(maxsize=20_000)
def joined_words(text: str) -> str:
    """The folded words of a text as they are indexed; displays repeat by the thousand."""
    return " ".join(words(text))


def _shorten(word: str) -> str:
    """Numbers lose zeros that say nothing, long words their ends."""
    if "." in word:
        word = word.rstrip("0").rstrip(".")
    return word[:LONGEST_WORD]
