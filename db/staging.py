"""The SQL of bulk imports: rows are copied to staging tables, checked there, and merged in batches.

db/staging_session.py runs these statements.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Index,
    MetaData,
    Table,
    Text,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert
from sqlalchemy.schema import CreateIndex, CreateTable

from db.pool import Statement
from db.tables import encounters, events, metadata, organizations, patients, practitioners

# Unlogged tables of a schema of their own rather than temporary ones: several connections merge from them at once.
SCHEMA = "anamnesis_import"


class Fault(StrEnum):
    """Why a staged row cannot be merged."""

    NO_PATIENT = "no_patient"
    NO_ENCOUNTER = "no_encounter"
    FOREIGN_ENCOUNTER = "foreign_encounter"
    NO_ORGANIZATION = "no_organization"
    NO_PRACTITIONER = "no_practitioner"
    FOREIGN_ID = "foreign_id"
    FOREIGN_MRN = "foreign_mrn"


class Stage:
    """A staging table: the line of the source, and the columns of one table that one file fills."""

    def __init__(self, name: str, table: str, columns: Sequence[str], kind: str = "", *, ids_given: bool) -> None:
        """`columns` begin with the id, which the source gives or which says itself whose row it is.

        `kind` is written to each row of the events.
        """
        self.columns = ("line", *columns)
        self._target = target = metadata.tables[table]
        self._ids_given = ids_given
        self._kind: ColumnElement[str] | None = literal_column(f"'{kind}'") if kind else None
        self.table = staged = Table(
            name,
            MetaData(schema=SCHEMA),
            Column("line", BigInteger, nullable=False),
            *(Column(column, target.c[column].type) for column in columns),
            prefixes=["UNLOGGED"],
        )
        self._values = [staged.c[column] for column in columns if column != "id"]
        self._batch = (
            staged.c.line >= bindparam("first", type_=BigInteger),
            staged.c.line < bindparam("end", type_=BigInteger),
        )

    @cached_property
    def create(self) -> Statement:
        return Statement("staging create", CreateTable(self.table))

    @cached_property
    def index(self) -> Statement:
        return Statement("staging index", CreateIndex(Index(f"{self.table.name}_line", self.table.c.line, unique=True)))

    @cached_property
    def repeats(self) -> Statement:
        """Rows whose id stands on another row too, all but the first in the order of their values.

        Their `place` among the rows of the id counts from 1.
        """
        staged = self.table
        # The order of bytes, so that it is the same in every database.
        order = [column.collate("C") if isinstance(column.type, Text) else column for column in self._values]
        repeated = select(staged.c.id).group_by(staged.c.id).having(func.count() > literal_column("1"))
        place = func.row_number().over(partition_by=staged.c.id, order_by=[*order, staged.c.line])
        ranked = select(staged, place.label("place")).where(staged.c.id.in_(repeated)).subquery()
        later = select(ranked).where(ranked.c.place > literal_column("1")).order_by(ranked.c.line)
        return Statement("staging repeats", later)

    @cached_property
    def renumber(self) -> Statement:
        staged = self.table
        at_line = staged.c.line == bindparam("at_line", type_=BigInteger)
        new_id = bindparam("new_id", type_=staged.c.id.type)
        return Statement("staging renumber", update(staged).values(id=new_id).where(at_line))

    @cached_property
    def drop(self) -> Statement:
        lines = bindparam("lines", type_=ARRAY(BigInteger))
        return Statement("staging drop", delete(self.table).where(self.table.c.line == func.any(lines)))

    @cached_property
    def faults(self) -> Statement | None:
        """Lines of a batch that point to what is not there, or to what is another's; None if no row can."""
        staged, target = self.table, self._target
        found: list[tuple[ColumnElement[bool], Fault]] = []
        source: FromClause = staged
        referred = (
            ("patient_id", patients, Fault.NO_PATIENT),
            ("encounter_id", encounters, Fault.NO_ENCOUNTER),
            ("organization_id", organizations, Fault.NO_ORGANIZATION),
            ("practitioner_id", practitioners, Fault.NO_PRACTITIONER),
        )
        for column, table, fault in referred:
            if column in staged.c:
                other = table.alias()
                source = source.outerjoin(other, other.c.id == staged.c[column])
                found.append((staged.c[column].is_not(None) & other.c.id.is_(None), fault))
                if table is encounters:
                    found.append((other.c.patient_id != staged.c.patient_id, Fault.FOREIGN_ENCOUNTER))
        if self._ids_given and target in (encounters, events):
            own = target.alias()
            source = source.outerjoin(own, own.c.id == staged.c.id)
            found.append((own.c.patient_id != staged.c.patient_id, Fault.FOREIGN_ID))
            if self._kind is not None:
                found.append((own.c.kind != self._kind, Fault.FOREIGN_ID))
        if target is patients:
            holder = target.alias()
            source = source.outerjoin(holder, (holder.c.mrn == staged.c.mrn) & (holder.c.id != staged.c.id))
            found.append((holder.c.id.is_not(None), Fault.FOREIGN_MRN))
        if not found:
            return None
        fault_of = case(*((condition, literal_column(f"'{fault}'")) for condition, fault in found))
        faulty = (
            select(staged.c.line, fault_of.label("fault"))
            .select_from(source)
            .where(*self._batch, or_(*(condition for condition, _ in found)))
            .order_by(staged.c.line)
        )
        return Statement("staging faults", faulty)

    @cached_property
    def merge(self) -> Statement:
        """Inserts or updates a batch's rows that are new or different; returns their ids.

        Rows that are the same are left out before the insert, which would lock, and so write, each of them.
        """
        staged, target = self.table, self._target
        old = target.alias()
        names = [column.name for column in self._values]
        values = [self._value(column, old) for column in self._values]
        rows = (
            select(staged.c.id, *values)
            .select_from(staged.outerjoin(old, old.c.id == staged.c.id))
            .where(
                *self._batch,
                or_(old.c.id.is_(None), _row(old.c[name] for name in names).is_distinct_from(_row(values))),
            )
        )
        written = ["id", *names]
        if self._kind is not None:
            rows = rows.add_columns(self._kind)
            written.append("kind")
        merged = insert(target).from_select(written, rows)
        merged = merged.on_conflict_do_update(
            index_elements=[target.c.id],
            set_={name: merged.excluded[name] for name in names},
            where=_row(target.c[name] for name in names).is_distinct_from(
                _row(merged.excluded[name] for name in names)
            ),
        )
        return Statement("staging merge", merged.returning(target.c.id, literal_column("xmax = 0").label("inserted")))

    def _value(self, staged: Column[Any], old: FromClause) -> ColumnElement[Any]:
        """What is merged: the staged value. A display that another file gave is kept when that file is absent."""
        if self.table.name == "imaging_studies" and staged.name == "display":
            kept = case((old.c.code == self.table.c.code, old.c.display))
            return func.coalesce(staged, kept).label("display")
        return staged


def _row(columns: Iterable[ColumnElement[Any]]) -> ColumnElement[Any]:
    return tuple_(*columns)


def name_imaging(imaging: Stage, procedures: Stage) -> Statement:
    """Displays of imaging studies, which have none: those of their procedure codes, a fully specified name first."""
    study, procedure = imaging.table, procedures.table
    tagged = procedure.c.display.like(literal_column("'%)'"))
    names = (
        select(procedure.c.code, procedure.c.display)
        .ext(distinct_on(procedure.c.code))
        .where(procedure.c.display.is_not(None), procedure.c.code.in_(select(study.c.code)))
        .order_by(procedure.c.code, tagged.desc(), procedure.c.display.collate("C"))
        .subquery()
    )
    named = update(study).values(display=names.c.display).where(study.c.code == names.c.code)
    return Statement("staging name imaging", named)


def encode(rows: Iterable[tuple[str, ...]]) -> bytes:
    """Rows as COPY reads them; an empty text is null."""
    return "".join(map(_encode_row, rows)).encode()


_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _encode_row(row: tuple[str, ...]) -> str:
    text = "\t".join(row)
    if "\\" in text or "\n" in text or "\r" in text or text.count("\t") >= len(row):
        text = "\t".join([value.translate(_ESCAPES) for value in row])
    return text + "\n"
