"""The rule of matching and the contract's filters, as Elasticsearch's queries."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from elasticsearch.dsl import query as q

from db.criteria import HistoryCriteria, PatientCriteria
from db.kinds import ENDING_KINDS
from search import folding
from search.documents import microseconds
from search.matching import BORN, HISTORY, PATIENTS, Part, Rule, Tier, Weights, edits

# Best first, then as lists of the same records are ordered; ids make the order total, and pages stay where they are.
PATIENT_ORDER = ({"_score": "desc"}, {"name": "asc"}, {"id": "asc"})
HISTORY_ORDER = ({"_score": "desc"}, {"recorded_at": "desc"}, {"id": "desc"})


def patient_query(parts: Iterable[Part], criteria: PatientCriteria) -> dict[str, Any]:
    """Patients who fit every part and the filter."""
    filters: list[q.Query] = []
    for field, values in (("state", criteria.states), ("city", criteria.cities), ("sex", criteria.sexes)):
        if values is not None:
            filters.append(q.Terms(field, list(values)))
    born = {
        side: day.isoformat()
        for side, day in (("gte", criteria.birth_date_from), ("lt", criteria.birth_date_to))
        if day is not None
    }
    if born:
        filters.append(q.Range("birth_date", born))
    if criteria.family_prefix:
        filters.append(_prefix("family_key", folding.sort_key(criteria.family_prefix)))
    if criteria.deceased is not None:
        filters.append(_term("deceased", criteria.deceased))
    return _query(parts, PATIENTS, filters)


def history_query(parts: Iterable[Part], patient_id: UUID | None, criteria: HistoryCriteria) -> dict[str, Any]:
    """Events that fit every part and the filter."""
    filters: list[q.Query] = []
    if patient_id is not None:
        filters.append(_term("patient_id", str(patient_id)))
    for field, values in (("kind", criteria.kinds), ("code", criteria.codes)):
        if values is not None:
            filters.append(q.Terms(field, list(values)))
    recorded = {
        side: microseconds(instant)
        for side, instant in (("gte", criteria.from_), ("lt", criteria.to))
        if instant is not None
    }
    if recorded:
        filters.append(q.Range("recorded_at", recorded))
    if criteria.active is not None:
        filters.append(_term("ended", not criteria.active))
        if criteria.active:
            filters.append(q.Terms("kind", list(ENDING_KINDS)))
    return _query(parts, HISTORY, filters)


def _query(parts: Iterable[Part], rule: Rule, filters: list[q.Query]) -> dict[str, Any]:
    found: dict[str, Any] = q.Bool(must=[_part(part, rule) for part in parts], filter=filters).to_dict()
    return found


def _part(part: Part, rule: Rule) -> q.Query:
    ways: list[q.Query] = [q.Bool(must=[_word(word, rule) for word in part.words])]
    key = rule.key
    ways.append(_worth(_term("key", part.key), key.exact))
    if len(part.key) >= key.shortest:
        ways.append(_worth(_prefix("key", part.key), key.prefix))
        if key.inside is not None:
            # The fragments of a key are its ends, so that what is inside of it begins one of them.
            ways.append(_worth(_prefix("fragments", part.key), key.inside))
    if rule is PATIENTS and part.date:
        ways.append(_worth(_term("dates", part.date), BORN[part.date.count("-")]))
    return q.DisMax(queries=ways)


def _word(word: str, rule: Rule) -> q.Query:
    return q.DisMax(queries=[way for field, weights in rule.fields.items() for way in _ways(field, word, weights)])


def _ways(field: str, word: str, weights: Weights) -> Iterable[q.Query]:
    yield _worth(_term(field, word), weights.exact)
    if folding.is_number(word):
        return
    yield _worth(_prefix(field, word), weights.prefix)
    for count, weight in zip(range(1, edits(word) + 1 if weights.typo else 1), weights[Tier.TYPO :], strict=False):
        # Rewritten so that every word within reach matches, however many there are.
        fuzzy = q.Fuzzy(field, {"value": word, "fuzziness": count, "rewrite": "constant_score"})
        yield _worth(fuzzy, weight)


def _worth(query: q.Query, weight: float) -> q.Query:
    return q.ConstantScore(filter=query, boost=weight)


def _term(field: str, value: str | bool) -> q.Query:
    return q.Term(field, {"value": value})


def _prefix(field: str, value: str) -> q.Query:
    return q.Prefix(field, {"value": value})
