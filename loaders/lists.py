"""Pages and counts of lists: one loader for each shape of page, one statement for any number of owners."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar
from uuid import UUID

from db.history import LATEST_VITALS, EventRow
from db.keyset import Listing, Page, Plan, Slice
from db.pool import Database
from loaders.base import Batches, Loader

RowT = TypeVar("RowT")


# The owner of a list that belongs to nobody in particular.
EVERYONE = UUID(int=0)


class PageLoader(Loader[UUID, Slice[RowT]], Generic[RowT]):
    """The same page of the same list for each owner."""

    def __init__(
        self,
        database: Database,
        batches: Batches,
        *,
        listing: Listing[RowT],
        plan: Plan,
        values: Mapping[str, Any],
        page: Page,
    ) -> None:
        super().__init__(database, batches)
        self._listing, self._plan, self._values, self._page = listing, plan, values, page

    async def read(self, keys: list[UUID]) -> Mapping[UUID, Slice[RowT] | Exception]:
        found = await self._listing.pages(self._database, keys, self._plan, self._values, self._page)
        return {owner or EVERYONE: page for owner, page in found.items()}

    def missing(self) -> Slice[RowT]:
        return Slice([], more=False)


class CountLoader(Loader[UUID, int]):
    """How long the same list is for each owner."""

    def __init__(
        self,
        database: Database,
        batches: Batches,
        *,
        listing: Listing[Any],
        plan: Plan,
        values: Mapping[str, Any],
    ) -> None:
        super().__init__(database, batches)
        self._listing, self._plan, self._values = listing, plan, values

    async def read(self, keys: list[UUID]) -> Mapping[UUID, int | Exception]:
        found = await self._listing.counts(self._database, keys, self._plan, self._values)
        return {owner or EVERYONE: total for owner, total in found.items()}

    def missing(self) -> int:
        return 0


class VitalsLoader(Loader[UUID, list[EventRow]]):
    """The newest observation of each vital-signs code of a patient."""

    async def read(self, keys: list[UUID]) -> Mapping[UUID, list[EventRow] | Exception]:
        found: dict[UUID, list[EventRow]] = {}
        for record in await self._database.fetch(LATEST_VITALS, {"patient_id_values": keys}):
            row = EventRow(*record)
            found.setdefault(row.patient_id, []).append(row)
        return dict(found)

    def missing(self) -> list[EventRow]:
        return []
