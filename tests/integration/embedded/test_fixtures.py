"""The fixtures other tests build on reach the real servers."""

import asyncpg
from elasticsearch import AsyncElasticsearch
from redis.asyncio import Redis


async def test_database_is_empty_utf8_and_sorts_by_code_point(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
        assert await connection.fetchval("SHOW server_encoding") == "UTF8"
        rows = await connection.fetch("SELECT t FROM unnest(ARRAY['a', 'B', 'é', 'Z', 'z']) AS t ORDER BY t")
        assert [row["t"] for row in rows] == sorted(["a", "B", "é", "Z", "z"])
        assert await connection.fetchval("SELECT lower('É')") == "é"
        await connection.execute("CREATE EXTENSION pg_trgm")
        assert await connection.fetchval("SELECT similarity('word', 'words')") > 0.5
    finally:
        await connection.close()


async def test_valkey_evicts_only_keys_with_an_expiry(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as client:
        assert (await client.config_get("maxmemory-policy"))["maxmemory-policy"] == "volatile-lru"
        assert (await client.config_get("maxmemory"))["maxmemory"] not in {None, "0"}


async def test_elasticsearch_finds_what_was_indexed(elasticsearch_url: str) -> None:
    async with AsyncElasticsearch(elasticsearch_url) as client:
        await client.index(index="fixture-check", id="1", document={"display": "Asthma"}, refresh=True)
        found = await client.search(index="fixture-check", query={"match": {"display": "asthma"}})
        assert [hit["_id"] for hit in found["hits"]["hits"]] == ["1"]
        await client.indices.delete(index="fixture-check")
