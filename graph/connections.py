"""What Relay connections share: a page that was read, its cursors, and what lies beyond it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import strawberry

from db.keyset import Item, Page, Slice
from graph.context import Info
from graph.cursors import Cursors
from graph.inputs import read_page

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class Loaded(Generic[RowT]):
    """A page that was read, with the means to look beyond it.

    `read` reads another page of the same list under the same filter, `count` counts the list: both are called only for
    fields that were selected. What lies beyond a page is asked from the client's own cursor, which all parents of a
    field share, so that their questions are one statement.
    """

    found: Slice[RowT] | None
    page: Page
    scope: str
    cursors: Cursors
    read: Callable[[Page], Awaitable[Slice[RowT]]]
    count: Callable[[], Awaitable[int]]

    @property
    def items(self) -> list[Item[RowT]]:
        return self.found.items if self.found else []

    def cursor(self, position: tuple[Any, ...]) -> str:
        return self.cursors.seal(self.scope, position)

    def start_cursor(self) -> str | None:
        return self.cursor(self.found.ends[0]) if self.found and self.found.ends else None

    def end_cursor(self) -> str | None:
        return self.cursor(self.found.ends[1]) if self.found and self.found.ends else None

    async def has_next(self) -> bool:
        """Whether the list goes on after the page."""
        if not self.page.backward and await self._more():
            return True
        if self.page.before is None:
            return False
        return (await self.read(Page(0, after=self.page.before, inclusive=True))).more

    async def has_previous(self) -> bool:
        """Whether the list has entries before the page."""
        if self.page.backward and await self._more():
            return True
        if self.page.after is None:
            return False
        return (await self.read(Page(0, before=self.page.after, backward=True, inclusive=True))).more

    async def _more(self) -> bool:
        return (self.found or await self.read(self.page)).more


class PageEnds(Protocol):
    """What a page can say of its ends."""

    async def has_next(self) -> bool: ...

    async def has_previous(self) -> bool: ...

    def start_cursor(self) -> str | None: ...

    def end_cursor(self) -> str | None: ...


@strawberry.type
class PageInfo:
    page: strawberry.Private[PageEnds]

    @strawberry.field
    async def has_next_page(self) -> bool:
        return await self.page.has_next()

    @strawberry.field
    async def has_previous_page(self) -> bool:
        return await self.page.has_previous()

    @strawberry.field
    def start_cursor(self) -> str | None:
        return self.page.start_cursor()

    @strawberry.field
    def end_cursor(self) -> str | None:
        return self.page.end_cursor()


@strawberry.type
class Connection:
    loaded: strawberry.Private[Loaded[Any]]

    @strawberry.field
    def page_info(self) -> PageInfo:
        return PageInfo(page=self.loaded)

    @strawberry.field(description="Counted when asked for.")
    async def total_count(self) -> int | None:
        return await self.loaded.count()


@strawberry.type
class Edge:
    loaded: strawberry.Private[Loaded[Any]]
    item: strawberry.Private[Item[Any]]

    @strawberry.field
    def cursor(self) -> str:
        return self.loaded.cursor(self.item.position)


async def load(
    info: Info,
    scope: str,
    read: Callable[[Page], Awaitable[Slice[RowT]]],
    count: Callable[[], Awaitable[int]],
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Loaded[RowT]:
    """Reads the page that Relay's arguments ask for; `scope` names the list that its cursors belong to.

    Raises BadPage, BadCursor, and what reading raises.
    """
    cursors = info.context.cursors
    page = read_page(cursors, scope, first=first, after=after, last=last, before=before)
    # A page of nothing is not read, as it stands for its total; what lies beyond it is read when asked for.
    return Loaded(await read(page) if page.size else None, page, scope, cursors, read, count)
