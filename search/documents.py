"""What the two indices hold, and how rows become documents and records to match.

Nothing here is shown to anybody: answers carry ids, and rows are read again. Names and displays are indexed folded.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from elasticsearch.dsl import AsyncDocument, Boolean, Date, Keyword, Long, MetaField, Text

from db.search import EventText, PatientText
from search import folding
from search.matching import PATIENTS, Record

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Free text beyond this is not searched.
_LONGEST_TEXT = 2_000


def _words(**options: Any) -> Text:
    # Matches are worth what the query says, so frequencies and lengths are not kept.
    return Text(analyzer="whitespace", index_options="docs", norms=False, **options)


def _names() -> Text:
    """There are as many names as people, so that their beginnings are indexed; displays share a few thousand words."""
    return _words(index_prefixes={"min_chars": 1, "max_chars": 12})


def _filtered() -> Keyword:
    return Keyword(doc_values=False, ignore_above=1_000)


class PatientDocument(AsyncDocument):
    """A patient. `name` is the order of equal scores; `fragments` are the ends of the MRN, one from each character."""

    class Meta:
        dynamic = MetaField("strict")

    id = Keyword(index=False)
    name = Keyword(index=False)
    family = _names()
    given = _names()
    maiden = _names()
    middle = _names()
    place = _names()
    key = _filtered()
    fragments = _filtered()
    dates = _filtered()
    family_key = _filtered()
    birth_date = Date(format="strict_date", doc_values=False)
    state = _filtered()
    city = _filtered()
    sex = _filtered()
    deceased = Boolean(doc_values=False)


class EventDocument(AsyncDocument):
    """An event that is not retracted. `recorded_at` is in microseconds since 1970, as exact as the database."""

    class Meta:
        dynamic = MetaField("strict")

    id = Keyword(index=False)
    patient_id = _filtered()
    kind = _filtered()
    code = _filtered()
    key = _filtered()
    display = _words()
    value = _words()
    reason = _words()
    recorded_at = Long()
    ended = Boolean(doc_values=False)


def patient_record(row: PatientText) -> Record:
    """A patient as it is matched."""
    words = {
        "family": folding.names(row.family_name or ""),
        "given": folding.names(row.given_name or ""),
        "maiden": folding.names(row.maiden_name or ""),
        "middle": folding.names(row.middle_name or ""),
        "place": folding.names(f"{row.city or ''} {row.state or ''}"),
    }
    born = row.birth_date.isoformat() if row.birth_date is not None else ""
    return Record(words, folding.compact(row.mrn or ""), [born[:4], born[:7], born] if born else [])


def patient_name(row: PatientText) -> str:
    """The order of patients with equal scores."""
    return f"{folding.sort_key(row.family_name or '')} {folding.sort_key(row.given_name or '')}"


def patient_document(row: PatientText) -> dict[str, Any]:
    record = patient_record(row)
    key = record.key
    return {
        "id": str(row.id),
        "name": patient_name(row),
        **{field: " ".join(words) for field, words in record.words.items() if words},
        "key": key,
        "fragments": [key[start:] for start in range(len(key) - PATIENTS.key.shortest + 1)],
        "dates": record.dates,
        "family_key": folding.sort_key(row.family_name or ""),
        "birth_date": row.birth_date.isoformat() if row.birth_date is not None else None,
        "state": row.state,
        "city": row.city,
        "sex": row.sex,
        "deceased": row.deceased,
    }


def event_document(row: EventText) -> dict[str, Any]:
    display, value, reason = event_texts(row)
    return {
        "id": str(row.id),
        "patient_id": str(row.patient_id),
        "kind": row.kind,
        "code": row.code,
        "key": folding.compact(row.code),
        "display": folding.joined_words(display),
        "value": folding.joined_words(value),
        "reason": folding.joined_words(reason),
        "recorded_at": microseconds(row.recorded_at),
        "ended": row.ended_at is not None,
    }


def event_texts(row: EventText) -> tuple[str, str, str]:
    """The texts of an event by field: its display; its value; why, where and with what it was."""
    value = [row.value_text, row.value_display]
    if row.value_number is not None:
        value += [f"{row.value_number:.10g}", row.value_unit]
    reason = [row.reason_display, row.modality_display, row.body_site_display]
    reason += [reaction["display"] for reaction in row.reactions or ()]
    return (row.display or "")[:_LONGEST_TEXT], _joined(value), _joined(reason)


def microseconds(instant: datetime) -> int:
    """Since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(count: int) -> datetime:
    """The inverse of `microseconds`."""
    return _EPOCH + count * _MICROSECOND


def _joined(texts: list[str | None]) -> str:
    return " ".join(text for text in texts if text)[:_LONGEST_TEXT]
