"""What a gateway keeps open while it lives: PostgreSQL, Valkey, search."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from elasticsearch import AsyncElasticsearch
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from db.errors import DatabaseError
from db.health import revision
from db.migrate import migrate, newest_revision
from db.pool import Database
from gateway.settings import Settings, StoreSettings
from search.service import SearchService

_PING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Open:
    """The connections of one gateway."""

    database: Database
    redis: Redis
    search: SearchService

    async def database_problem(self) -> str | None:
        """Why the database cannot serve this release; None when it can."""
        try:
            async with asyncio.timeout(_PING_SECONDS):
                found = await revision(self.database)
        except (DatabaseError, TimeoutError):
            return "PostgreSQL does not answer"
        if found != newest_revision():
            return "the database is not migrated to this release: run `anamnesis migrate`"
        return None

    async def redis_problem(self) -> str | None:
        """Why Valkey cannot be used; None when it can."""
        try:
            async with asyncio.timeout(_PING_SECONDS):
                await self.redis.ping()
        except (RedisError, OSError, TimeoutError):
            return "Valkey does not answer"
        return None

    async def search_problem(self) -> str | None:
        """Why searches are answered by PostgreSQL; None when Elasticsearch answers them."""
        try:
            async with asyncio.timeout(_PING_SECONDS):
                answers = await self.search.ping()
        except TimeoutError:
            answers = False
        return None if answers else "Elasticsearch does not answer: PostgreSQL answers searches"


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[Open]:
    """Opens what the settings name and closes it after. Raises DatabaseUnavailable; the others may come later."""
    async with AsyncExitStack() as stack:
        database = await Database.connect(
            settings.database_url.get_secret_value(), size=settings.database_pool, seconds=settings.request_seconds
        )
        stack.push_async_callback(database.close)
        # Who finds all of them busy waits for one; the ordinary pool would say that Valkey is gone.
        redis = Redis.from_pool(
            BlockingConnectionPool.from_url(
                settings.redis_url.get_secret_value(),
                max_connections=4,
                timeout=_PING_SECONDS,
                socket_timeout=_PING_SECONDS,
                socket_connect_timeout=_PING_SECONDS,
            )
        )
        stack.push_async_callback(redis.aclose)
        elasticsearch = search_client(settings)
        if elasticsearch is not None:
            stack.push_async_callback(elasticsearch.close)
        yield Open(database, redis, SearchService(elasticsearch, database, settings.search_prefix))


async def migrate_database(settings: StoreSettings) -> None:
    """Brings the settings' database to the tables of this release. Raises DatabaseUnavailable."""
    url = settings.database_url.get_secret_value()
    # Says in one line that it cannot be reached, where a migration would end with all of SQLAlchemy's.
    await (await Database.connect(url, size=1)).close()
    await migrate(url)


def search_client(settings: StoreSettings) -> AsyncElasticsearch | None:
    """The client of the settings' Elasticsearch; whoever takes it closes it."""
    if settings.elasticsearch_url is None:
        return None
    return AsyncElasticsearch(settings.elasticsearch_url.get_secret_value(), max_retries=0, request_timeout=30)
