"""What all loaders share: one statement a batch, and a batch that ends with its request."""

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from aiodataloader import DataLoader

from db.pool import Database

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")

# No statement is asked about more owners than this at once.
BATCH_SIZE = 1_000


class Batches:
    """The batches of one request that are under way.

    aiodataloader runs a batch as a task of its own, which would outlive a request that was cancelled: the request's
    end ends them, and with them their statements.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def enter(self) -> None:
        """Called by a batch when it starts; raises CancelledError when the request is over."""
        if self._closed:
            raise asyncio.CancelledError
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Cancels what is under way; nothing starts afterwards."""
        self._closed = True
        for task in self._tasks:
            task.cancel()


class Loader(DataLoader[KeyT, ValueT]):
    """Batches the keys of one query shape: `read` answers them with one statement, `missing` stands for the others."""

    max_batch_size = BATCH_SIZE

    def __init__(self, database: Database, batches: Batches) -> None:
        super().__init__()
        self._database = database
        self._batches = batches

    @abstractmethod
    async def read(self, keys: list[KeyT]) -> Mapping[KeyT, ValueT | Exception]:
        """The values of those keys that have one; an exception fails its own key only."""

    @abstractmethod
    def missing(self) -> ValueT:
        """The value of a key that `read` found nothing for."""

    async def batch_load_fn(self, keys: list[KeyT]) -> list[ValueT]:
        self._batches.enter()
        found = await self.read(keys)
        # aiodataloader raises what is an exception for its key, which its types do not say.
        return cast("list[ValueT]", [found[key] if key in found else self.missing() for key in keys])
