"""What every field can reach: the caller's view of the record, and the cursors."""

from dataclasses import dataclass

import strawberry

from db.pool import Database
from graph.cursors import Cursors
from loaders.request import Loaders
from resolvers.policy import AllowAll, Policy
from resolvers.reader import Reader
from search.service import SearchService


@dataclass(frozen=True, slots=True)
class Services:
    """What outlives a request: made once by the gateway."""

    database: Database
    search: SearchService
    cursors: Cursors


@dataclass(frozen=True, slots=True)
class Context:
    """One request's context."""

    reader: Reader
    cursors: Cursors

    @classmethod
    def begin(cls, services: Services, policy: Policy | None = None) -> "Context":
        """The context of a new request; `close` it when the request ends, however it ends."""
        reader = Reader(Loaders(services.database), policy or AllowAll(), services.search)
        return cls(reader, services.cursors)

    def close(self) -> None:
        """Ends the statements that are still under way."""
        self.reader.loaders.close()


Info = strawberry.Info[Context, None]
