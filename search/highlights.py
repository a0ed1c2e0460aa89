"""What in a row made it a hit, marked in the row's own text.

The row was read again after the search, so that nothing of the index is shown, and a row that has changed since shows
what it says now. The rule is the one that found it.
"""

from collections.abc import Iterable, Mapping

from db.history import EventRow
from db.patients import PatientRow
from search import folding
from search.errors import SearchError
from search.matching import HISTORY, PATIENTS, Part, Rule, Tier, Weights, fit, key_fits, parse
from search.types import Highlight, HighlightPart


def patient_highlights(query: str, row: PatientRow) -> list[Highlight]:
    """The fields of a patient that the query matches; fields are named as the schema names them."""
    texts = [
        ("name.given", "given", row.given_name),
        ("name.middle", "middle", row.middle_name),
        ("name.family", "family", row.family_name),
        ("name.maiden", "maiden", row.maiden_name),
        ("address.city", "place", row.city),
        ("address.state", "place", row.state),
    ]
    born = row.birth_date.isoformat() if row.birth_date is not None else None
    return _highlights(query, PATIENTS, texts, {"mrn": row.mrn}, {"birthDate": born})


def event_highlights(query: str, row: EventRow) -> list[Highlight]:
    """The fields of an event that the query matches; fields are named as the schema names them."""
    number = f"{row.value_number:.10g}" if row.value_number is not None else None
    texts = [
        ("code.display", "display", row.display),
        ("text", "value", row.value_text),
        ("coded.display", "value", row.value_display),
        ("quantity.value", "value", number),
        ("quantity.unit", "value", row.value_unit if number is not None else None),
        ("reason.display", "reason", row.reason_display),
        ("modality.display", "reason", row.modality_display),
        ("bodySite.display", "reason", row.body_site_display),
    ]
    texts += [
        ("reactions.manifestation.display", "reason", reaction.get("display")) for reaction in row.reactions or ()
    ]
    return _highlights(query, HISTORY, texts, {"code.code": row.code}, {})


def _highlights(
    query: str,
    rule: Rule,
    texts: Iterable[tuple[str, str, str | None]],
    keys: Mapping[str, str | None],
    dates: Mapping[str, str | None],
) -> list[Highlight]:
    try:
        parts = parse(query, rule)
    except SearchError:
        return []
    asked = [word for part in parts for word in part.words]
    marked = [
        (shown, text, _word_spans(asked, text, rule.fields[field], rule.naming)) for shown, field, text in texts if text
    ]
    marked += [(field, text, _key_spans(parts, text, rule)) for field, text in keys.items() if text]
    marked += [(field, text, _date_spans(parts, text)) for field, text in dates.items() if text]
    return [Highlight(field, _split(text, spans)) for field, text, spans in marked if spans]


def _word_spans(asked: Iterable[str], text: str, weights: Weights, naming: bool) -> list[tuple[int, int]]:
    spans = []
    words, origins = folding.located(text)
    for word in words:
        name = folding.without_number(word.text) if naming else word.text
        lengths = [
            len(one) if tier is Tier.PREFIX else word.end - word.start - (len(word.text) - len(name))
            for one in asked
            if (tier := fit(one, name)) is not None and weights[tier]
        ]
        if lengths:
            spans.append((origins[word.start], _end(text, origins[word.start + max(lengths) - 1])))
    return spans


def _key_spans(parts: Iterable[Part], text: str, rule: Rule) -> list[tuple[int, int]]:
    """A key is compared by its letters and digits, and marked with what stands between them."""
    kept = [(position, letter) for position, character in enumerate(text) for letter in folding.compact(character)]
    key = "".join(letter for _, letter in kept)
    spans = []
    for part in parts:
        if key_fits(part.key, key, rule.key):
            start = key.index(part.key)
            spans.append((kept[start][0], kept[start + len(part.key) - 1][0] + 1))
    return spans


def _date_spans(parts: Iterable[Part], text: str) -> list[tuple[int, int]]:
    dates = [part.date for part in parts if part.date]
    return [(0, len(date)) for date in dates if text == date or text.startswith(f"{date}-")]


def _end(text: str, last: int) -> int:
    """The end of the character at `last`, with the accents that follow it."""
    end = last + 1
    while end < len(text) and folding.is_accent(text[end]):
        end += 1
    return end


def _split(text: str, spans: list[tuple[int, int]]) -> tuple[HighlightPart, ...]:
    """The text in parts, those in a span marked."""
    parts: list[HighlightPart] = []
    done = 0
    for start, end in sorted(spans):
        if end <= done:
            continue
        parts.append(HighlightPart(text[done:start], False))
        parts.append(HighlightPart(text[max(start, done) : end], True))
        done = end
    parts.append(HighlightPart(text[done:], False))
    return tuple(part for part in parts if part.text)
