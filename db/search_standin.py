"""Search without Elasticsearch: candidates by trigrams, few and soon, for search/ to judge.

A statement finds what may match, never more than CANDIDATES rows, and is given up after STATEMENT_SECONDS: the primary
has other work. Each runs in a transaction of its own, because pooled connections keep no settings.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Date,
    Float,
    Integer,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy import UUID as UUID_TYPE

from db.criteria import HistoryCriteria, PatientCriteria
from db.kinds import ENDING_KINDS
from db.pool import Database, Statement
from db.search import PatientText
from db.tables import INSTANT, concepts, events, patients

STATEMENT_SECONDS = 0.3
CANDIDATES = 1_000
# A word with one wrong letter of six shares three trigrams of seven with the right one.
_SIMILARITY = 0.4
_SETTINGS = (
    f"set local statement_timeout = {int(STATEMENT_SECONDS * 1000)};"
    f"set local pg_trgm.word_similarity_threshold = {_SIMILARITY};"
    # What is asked differs so much that a plan for all of it fits none of it.
    "set local plan_cache_mode = force_custom_plan;"
    "set local enable_seqscan = off"
)
_FIRST_INSTANT = datetime(1, 1, 1, tzinfo=UTC)
_LAST_INSTANT = datetime.max.replace(tzinfo=UTC)
_LAST_ID = UUID(int=2**128 - 1)
_LAST_CHARACTER: ColumnElement[str] = literal_column("chr(1114111)")


class Sought(NamedTuple):
    """A part of a query: a folded word and a key, letters and digits only, and a range of birth dates."""

    word: str
    key: str
    born_from: date | None = None
    born_before: date | None = None


class Concept(NamedTuple):
    """A code in use and a display it is used with."""

    system: str
    code: str
    display: str


class Branch(NamedTuple):
    """Events of one code, older than a position if there is one; of one concept unless that is left open."""

    score: float
    code: str
    system: str | None = None
    display: str | None = None
    before: tuple[datetime, UUID] = (_LAST_INSTANT, _LAST_ID)


class FoundEvent(NamedTuple):
    score: float
    id: UUID
    recorded_at: datetime


async def find_patients(
    database: Database, sought: Sequence[Sought], criteria: PatientCriteria, *, alike: bool
) -> list[PatientText]:
    """Patients who have every part in their name or MRN or were born in its range; `alike`: or something like it.

    Raises DeadlineExceeded, DatabaseUnavailable.
    """
    values = _patterns(sought)
    for number, part in enumerate(sought):
        values[f"born_from_{number}"] = part.born_from
        values[f"born_before_{number}"] = part.born_before
    values |= {
        "states": _listed(criteria.states),
        "cities": _listed(criteria.cities),
        "sexes": _listed(criteria.sexes),
        "birth_date_from": criteria.birth_date_from,
        "birth_date_to": criteria.birth_date_to,
        "family_prefix": criteria.family_prefix,
        "deceased": criteria.deceased,
    }
    return [PatientText(*record) for record in await _run(database, patients_like(len(sought), alike), values)]


async def find_concepts(database: Database, sought: Sequence[Sought]) -> list[Concept]:
    """Concepts that have every part, or something like it, in their display. Raises as find_patients."""
    return [Concept(*record) for record in await _run(database, concepts_like(len(sought)), _patterns(sought))]


async def find_events(
    database: Database, branches: Sequence[Branch], patient_id: UUID | None, criteria: HistoryCriteria, size: int
) -> list[FoundEvent]:
    """The first events of all branches, of one patient or of all: by score, then newest first. Raises as above."""
    values: dict[str, Any] = {
        "scores": [branch.score for branch in branches],
        "codes": [branch.code for branch in branches],
        "systems": [branch.system for branch in branches],
        "displays": [branch.display for branch in branches],
        "before_instants": [branch.before[0] for branch in branches],
        "before_ids": [branch.before[1] for branch in branches],
        "patient_id": patient_id,
        "from": criteria.from_ or _FIRST_INSTANT,
        "to": criteria.to or _LAST_INSTANT,
        "kinds": _listed(criteria.kinds),
        "wanted_codes": _listed(criteria.codes),
        "active": criteria.active,
        "size": size,
    }
    statement = EVENTS_OF_CODES if patient_id is None else EVENTS_OF_CODES_OF_PATIENT
    return [FoundEvent(*record) for record in await _run(database, statement, values)]


async def _run(database: Database, statement: Statement, values: Mapping[str, Any]) -> list[asyncpg.Record]:
    if database.observer is not None:
        database.observer(statement)
    async with database.connection() as connection, connection.transaction(readonly=True):
        await connection.execute(_SETTINGS)
        return await connection.fetch(statement.text, *statement.arguments(values), timeout=2 * STATEMENT_SECONDS)


def _listed(values: Iterable[str] | None) -> list[str] | None:
    return None if values is None else list(values)


def _patterns(sought: Sequence[Sought]) -> dict[str, Any]:
    """What a part may stand as in a folded text. Two letters have trigrams where a word begins, three anywhere."""
    values: dict[str, Any] = {}
    for number, part in enumerate(sought):
        short = len(part.word) < 3
        values[f"word_{number}"] = part.word
        values[f"first_{number}"] = f"{part.word}%" if short else f"%{part.word}%"
        values[f"later_{number}"] = f"% {part.word}%" if short else f"%{part.word}%"
        values[f"key_{number}"] = f"%{part.key}%" if len(part.key) >= 3 else f"{part.word}%"
    return values


def _text(name: str) -> ColumnElement[str]:
    return bindparam(name, type_=Text)


def _has(table: Table, number: int, alike: bool) -> list[ColumnElement[bool]]:
    searched = table.c.search_text
    ways: list[ColumnElement[bool]] = [searched.like(_text(f"{way}_{number}")) for way in ("first", "later", "key")]
    return ways + ([searched.bool_op("%>")(_text(f"word_{number}"))] if alike else [])


def _if_given(parameter: ColumnElement[Any], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return or_(parameter.is_(None), condition)


@lru_cache(maxsize=64)
def patients_like(parts: int, alike: bool) -> Statement:
    def born(number: int) -> ColumnElement[bool]:
        start, end = (bindparam(f"{side}_{number}", type_=Date) for side in ("born_from", "born_before"))
        return and_(patients.c.birth_key >= start, patients.c.birth_key < end)

    states, cities, sexes = (bindparam(name, type_=ARRAY(Text)) for name in ("states", "cities", "sexes"))
    born_from, born_before = (bindparam(name, type_=Date) for name in ("birth_date_from", "birth_date_to"))
    deceased = bindparam("deceased", type_=Boolean)
    prefix = func.fold(_text("family_prefix"))
    found = [or_(*_has(patients, number, alike), born(number)) for number in range(parts)]
    return Statement(
        f"stand-in: patients {'alike' if alike else 'by parts'} ({parts})",
        select(*(patients.c[name] for name in PatientText._fields))
        .where(
            *found,
            _if_given(states, patients.c.state == any_(states)),
            _if_given(cities, patients.c.city == any_(cities)),
            _if_given(sexes, patients.c.sex == any_(sexes)),
            _if_given(born_from, patients.c.birth_date >= born_from),
            _if_given(born_before, patients.c.birth_date < born_before),
            _if_given(deceased, patients.c.deceased == deceased),
            _if_given(
                _text("family_prefix"),
                and_(patients.c.family_key >= prefix, patients.c.family_key < prefix.concat(_LAST_CHARACTER)),
            ),
        )
        .limit(literal_column(str(CANDIDATES))),
    )


@lru_cache(maxsize=32)
def concepts_like(parts: int) -> Statement:
    return Statement(
        f"stand-in: concepts ({parts})",
        select(*(concepts.c[name] for name in Concept._fields))
        .where(*(or_(*_has(concepts, number, alike=True)) for number in range(parts)))
        .limit(literal_column(str(CANDIDATES))),
    )


def _events(name: str, *owned: ColumnElement[bool]) -> Statement:
    """At most a page of each branch, in the order of its index; then a sort of branches x page rows."""
    kinds, codes = (bindparam(name, type_=ARRAY(Text)) for name in ("kinds", "wanted_codes"))
    active = bindparam("active", type_=Boolean)
    size = bindparam("size", type_=Integer)
    ending = events.c.kind.in_([literal_column(f"'{kind}'") for kind in ENDING_KINDS])
    shapes: dict[str, tuple[str, Any]] = {
        "score": ("scores", Float),
        "code": ("codes", Text),
        "system": ("systems", Text),
        "display": ("displays", Text),
        "before_instant": ("before_instants", INSTANT),
        "before_id": ("before_ids", UUID_TYPE),
    }
    arrays = [bindparam(parameter, type_=ARRAY(kind)) for parameter, kind in shapes.values()]
    branch = (
        func.unnest(*arrays)
        .table_valued(*(column(name, kind) for name, (_, kind) in shapes.items()), name="branch")
        .render_derived(name="branch")
    )
    newest = (
        select(events.c.id, events.c.recorded_at)
        .where(
            *owned,
            events.c.code == branch.c.code,
            ~events.c.retracted,
            _if_given(branch.c.system, events.c.code_system == branch.c.system),
            _if_given(branch.c.display, events.c.display == branch.c.display),
            tuple_(events.c.recorded_at, events.c.id) < tuple_(branch.c.before_instant, branch.c.before_id),
            events.c.recorded_at >= bindparam("from", type_=INSTANT),
            events.c.recorded_at < bindparam("to", type_=INSTANT),
            _if_given(kinds, events.c.kind == any_(kinds)),
            _if_given(codes, events.c.code == any_(codes)),
            or_(
                active.is_(None),
                and_(active, events.c.ended_at.is_(None), ending),
                and_(~active, events.c.ended_at.is_not(None)),
            ),
        )
        .order_by(events.c.recorded_at.desc(), events.c.id.desc())
        .limit(size)
        .lateral("newest")
    )
    return Statement(
        name,
        select(branch.c.score, newest.c.id, newest.c.recorded_at)
        .select_from(branch.join(newest, true()))
        .order_by(branch.c.score.desc(), newest.c.recorded_at.desc(), newest.c.id.desc())
        .limit(size),
    )


EVENTS_OF_CODES = _events("stand-in: events of codes")
EVENTS_OF_CODES_OF_PATIENT = _events(
    "stand-in: events of codes of a patient", events.c.patient_id == bindparam("patient_id", type_=UUID_TYPE)
)
