"""Keyset paging: one statement reads a page of a list for any number of owners.

    for each owner (LATERAL)
        for each branch, such as one kind of several (LATERAL)
            one range of one compound index, in order, at most page + 1 rows
        merged by a sort of at most branches x (page + 1) rows

What an index cannot narrow is refined: the range is read in order until the page is full, but never further than
REFINE_BOUND entries. The entry that crosses the bound comes back marked, and the filter is refused: a page that is
short because reading stopped would be a wrong answer.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

import asyncpg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.selectable import FromClause, TableValuedAlias

from db.errors import FilterTooBroad
from db.pool import Database, Statement

REFINE_BOUND = 5_000
_KEPT_STATEMENTS = 1_000

RowT = TypeVar("RowT")


class Page(NamedTuple):
    """At most `size` rows between two keyset positions, from the start or (`backward`) from the end.

    Rows at the positions themselves belong to it only if it is `inclusive`.
    """

    size: int
    after: tuple[Any, ...] | None = None
    before: tuple[Any, ...] | None = None
    backward: bool = False
    inclusive: bool = False


class Plan(NamedTuple):
    """How a filter is served: an index range for each value of `branches`, narrowed by `ranges`, the rest `refined`.

    Branches are columns; ranges and refinements are names of the listing's conditions. `nothing`: the filter matches
    no row, whatever the record holds.
    """

    branches: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    refined: tuple[str, ...] = ()
    nothing: bool = False


class Condition(NamedTuple):
    """A part of a filter: the columns it looks at, and its test on them, the parameters as bindparams."""

    columns: tuple[str, ...]
    test: Callable[[ReadOnlyColumnCollection[str, Any]], ColumnElement[bool]]


class Item(NamedTuple, Generic[RowT]):
    """A row of a list and its keyset position."""

    row: RowT
    position: tuple[Any, ...]


class Slice(NamedTuple, Generic[RowT]):
    """The rows of a page in list order, whether more follow in the direction of reading, and where the page ends.

    `ends` are the positions of the first and the last row that were read: they stay when a row is withheld.
    """

    items: list[Item[RowT]]
    more: bool
    ends: tuple[tuple[Any, ...], tuple[Any, ...]] | None = None


@dataclass(frozen=True, eq=False)
class Listing(Generic[RowT]):
    """A list that can be paged.

    `source` holds the order and the conditions, `rows` what is returned as `row` (a NamedTuple of its columns), joined
    by `key`. `order` ends in a unique column. `owner` is the column that says whose list it is.
    """

    name: str
    source: Table
    rows: Table
    row: Callable[..., RowT]
    columns: tuple[str, ...]
    order: tuple[str, ...]
    descending: bool
    key: str = "id"
    owner: str | None = None
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    _statements: dict[tuple[Any, ...], Statement] = field(default_factory=dict)

    async def pages(
        self, database: Database, owners: Iterable[Any], plan: Plan, values: Mapping[str, Any], page: Page
    ) -> dict[Any, Slice[RowT] | FilterTooBroad]:
        """A page for each owner that has rows, in one statement; a list without owners has the one owner None.

        `values` are the parameters of the plan: `<branch>_values` arrays and those of the conditions. An owner for
        whom a refinement read too far has FilterTooBroad in the place of a page.
        """
        if plan.nothing:
            return {}
        parameters = dict(values)
        parameters["size"] = page.size + 1
        parameters["bound"] = REFINE_BOUND
        if self.owner is not None:
            parameters[f"{self.owner}_values"] = list(owners)
        for side, position in (("after", page.after), ("before", page.before)):
            if position is not None:
                parameters |= {f"{side}_{name}": value for name, value in zip(self.order, position, strict=True)}
        records = await database.fetch(self.page_statement(plan, page), parameters)
        return self._slices(records, plan, page)

    async def counts(
        self, database: Database, owners: Iterable[Any], plan: Plan, values: Mapping[str, Any]
    ) -> dict[Any, int]:
        """How many rows each owner has, in one statement; an owner that is not in it has none."""
        if plan.nothing:
            return {}
        parameters = dict(values)
        if self.owner is not None:
            parameters[f"{self.owner}_values"] = list(owners)
        records = await database.fetch(self.count_statement(plan), parameters)
        return {record[0]: record[1] for record in records}

    def page_statement(self, plan: Plan, page: Page) -> Statement:
        """The statement of a page: which bounds the page has matters, not their values."""
        shape = (plan, page.after is None, page.before is None, page.backward, page.inclusive)
        return self._kept(shape, lambda: Statement(self._title(plan, page.backward), self._page(plan, page)))

    def count_statement(self, plan: Plan) -> Statement:
        """Counts each owner's rows, range by range."""
        return self._kept(("count", plan), lambda: Statement("count of " + self._title(plan), self._count(plan)))

    def _kept(self, shape: tuple[Any, ...], build: Callable[[], Statement]) -> Statement:
        statement = self._statements.get(shape)
        if statement is None:
            if len(self._statements) >= _KEPT_STATEMENTS:
                self._statements.clear()
            statement = self._statements[shape] = build()
        return statement

    def _title(self, plan: Plan, backward: bool = False) -> str:
        parts = [
            *(f"a range each {name}" for name in plan.branches),
            *plan.ranges,
            *(f"{name} refined" for name in plan.refined),
            *(["backward"] if backward else []),
        ]
        return f"{self.name} ({', '.join(parts)})" if parts else self.name

    def _page(self, plan: Plan, page: Page) -> Select[Any]:
        each = {
            name: each_value(self.source, name) for name in ([self.owner] if self.owner else []) + list(plan.branches)
        }
        selected = self._range(plan, page, each)
        if plan.branches:
            branch = selected.lateral("branch")
            selected = (
                select(literal_column("branch.*"))
                .select_from(_cross([*(each[name] for name in plan.branches), branch]))
                .order_by(*self._directed([branch.c[f"position_{name}"] for name in self.order], page))
                .limit(bindparam("size", type_=Integer))
            )
            if self.owner:
                selected = selected.correlate(each[self.owner])
        if self.owner is None:
            return selected
        owned = selected.lateral("page")
        return select(literal_column("page.*")).select_from(_cross([each[self.owner], owned]))

    def _range(self, plan: Plan, page: Page, each: Mapping[str, TableValuedAlias]) -> Select[Any]:
        """One index range, in order and bounded: the returned columns, then owner and position, then `beyond`."""
        source = self.source
        where = [source.c[name] == values.c[name] for name, values in each.items()]
        where += [self.conditions[name].test(source.c) for name in plan.ranges]
        order: list[ColumnElement[Any]] = [source.c[name] for name in self.order]
        for side, position in (("after", page.after), ("before", page.before)):
            if position is not None:
                edge = tuple_(*(bindparam(f"{side}_{c.name}", type_=c.type) for c in order))
                smaller = self.descending == (side == "after")
                place = tuple_(*order)
                if page.inclusive:
                    where.append(place <= edge if smaller else place >= edge)
                else:
                    where.append(place < edge if smaller else place > edge)
        if not plan.refined:
            return self._returned(source, where, order, each, page)

        refinements = [self.conditions[name] for name in plan.refined]
        needed = {self.key, *self.order, *(name for part in refinements for name in part.columns)}
        if self.owner is not None:
            needed.add(self.owner)
        bound = bindparam("bound", type_=Integer)
        entries = (
            select(*(self.source.c[name] for name in sorted(needed)))
            .where(*where)
            .order_by(*self._directed(order, page))
            .limit(bound + literal_column("1"))
            .correlate(*each.values())
            .subquery("entries")
        )
        numbered = select(entries, func.row_number().over().label("examined")).subquery("numbered")
        beyond = numbered.c.examined > bound
        # No ORDER BY here, which would read all entries before the first: they arrive in order, and Limit, WindowAgg
        # and filter keep it. What is left, a page at most, is sorted below.
        wanted = (
            select(numbered, beyond.label("beyond"))
            .where(or_(and_(*(part.test(numbered.c) for part in refinements)), beyond))
            .limit(bindparam("size", type_=Integer))
            .subquery("wanted")
        )
        order = [wanted.c[name] for name in self.order]
        return self._returned(wanted, [], order, each, page, wanted.c.beyond)

    def _returned(
        self,
        source: FromClause,
        where: list[ColumnElement[bool]],
        order: list[ColumnElement[Any]],
        each: Mapping[str, TableValuedAlias],
        page: Page,
        *marks: ColumnElement[Any],
    ) -> Select[Any]:
        """The first rows of an ordered source: the row's columns, its owner, its position, marks."""
        joined = source
        if source is not self.rows:
            joined = source.join(self.rows, source.c[self.key] == self.rows.c.id)
        owner = [source.c[self.owner].label("owner")] if self.owner is not None else []
        position = [c.label(f"position_{name}") for name, c in zip(self.order, order, strict=True)]
        return (
            select(*(self.rows.c[name] for name in self.columns), *owner, *position, *marks)
            .select_from(joined)
            .where(*where)
            .order_by(*self._directed(order, page))
            .limit(bindparam("size", type_=Integer))
            .correlate(*each.values())
        )

    def _count(self, plan: Plan) -> Select[Any, Any]:
        """Each range counted by itself, as pages read them, and summed by owner."""
        equal = ([self.owner] if self.owner else []) + list(plan.branches)
        each = {name: each_value(self.source, name) for name in equal}
        where = [self.source.c[name] == values.c[name] for name, values in each.items()]
        where += [self.conditions[name].test(self.source.c) for name in (*plan.ranges, *plan.refined)]
        counted = select(func.count().label("total")).select_from(self.source).where(*where).correlate(*each.values())
        if not each:
            return select(null(), counted.scalar_subquery())
        ranged = counted.lateral("counted")
        ranges = _cross([*each.values(), ranged])
        total = func.coalesce(func.sum(ranged.c.total), literal_column("0")).cast(BigInteger)
        summed: Select[Any, Any] = select(null(), total).select_from(ranges)
        if self.owner is not None:
            owner = each[self.owner].c[self.owner]
            summed = select(owner, total).select_from(ranges).group_by(owner)
        return summed

    def _directed(self, order: Iterable[ColumnElement[Any]], page: Page) -> list[ColumnElement[Any]]:
        return [c.desc() if self.descending != page.backward else c.asc() for c in order]

    def _slices(self, records: list[asyncpg.Record], plan: Plan, page: Page) -> dict[Any, Slice[RowT] | FilterTooBroad]:
        width, owned = len(self.columns), 1 if self.owner else 0
        first, last = width + owned, width + owned + len(self.order)
        pages: dict[Any, list[Item[RowT]]] = {}
        refused: set[Any] = set()
        for record in records:
            owner = record[width] if owned else None
            if plan.refined and record["beyond"]:
                refused.add(owner)
            pages.setdefault(owner, []).append(Item(self.row(*record[:width]), tuple(record[first:last])))
        slices: dict[Any, Slice[RowT] | FilterTooBroad] = {}
        for owner, items in pages.items():
            if owner in refused:
                slices[owner] = FilterTooBroad(
                    f"{REFINE_BOUND} entries of an index did not fill the page: {' and '.join(plan.refined)} match too"
                    " few of them, so narrow the list by something else"
                )
                continue
            kept = items[: page.size]
            if page.backward:
                kept.reverse()
            ends = (kept[0].position, kept[-1].position) if kept else None
            slices[owner] = Slice(kept, len(items) > page.size, ends)
        return slices


def each_value(table: Table, name: str) -> TableValuedAlias:
    """The values of an array parameter as rows: each_<name>(<name>)."""
    kind = table.c[name].type
    values = func.unnest(bindparam(f"{name}_values", type_=ARRAY(kind)))
    return values.table_valued(column(name, kind), name="value").render_derived(name=f"each_{name}")


def _cross(parts: list[FromClause]) -> FromClause:
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.join(part, true())
    return joined
