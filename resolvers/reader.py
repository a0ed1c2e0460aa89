"""What resolvers read with, for one request: loaders, policy, search."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from db.keyset import Slice
from loaders.request import Loaders
from resolvers.policy import Forbidden, Policy, Row
from search.service import SearchService

RowT = TypeVar("RowT", bound=Row)


@dataclass(frozen=True, slots=True)
class Reader:
    """One caller's view of the record."""

    loaders: Loaders
    policy: Policy
    search: SearchService

    async def one(self, loaded: Awaitable[RowT | None]) -> RowT | None:
        """A row, or None where there is none. Raises Forbidden: a single record says that it is withheld."""
        row = await loaded
        if row is not None and not self.policy.permits(row):
            raise Forbidden
        return row

    async def page(self, loaded: Awaitable[Slice[RowT]]) -> Slice[RowT]:
        """A page without the rows that the caller may not see: a list loses them without a word."""
        found = await loaded
        if self.policy.unrestricted:
            return found
        return found._replace(items=[item for item in found.items if self.policy.permits(item.row)])

    async def total(self, counted: Awaitable[int]) -> int:
        """A total. Raises Forbidden where the policy hides rows: counting them would tell of them."""
        if not self.policy.unrestricted:
            raise Forbidden
        return await counted
