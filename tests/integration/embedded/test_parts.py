"""Data that lasts, runs side by side, and the files a run writes."""

import stat
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from elasticsearch import AsyncElasticsearch
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError

from embedded.errors import DataInUse
from embedded.parts import Parts


async def _write(parts: Parts) -> None:
    assert parts.elasticsearch_url is not None, parts.elasticsearch_missing
    connection = await asyncpg.connect(parts.postgres_url)
    await connection.execute("CREATE TABLE kept AS SELECT 'postgres' AS by")
    await connection.close()
    async with Redis.from_url(parts.redis_url) as redis:
        await redis.set("kept", "valkey")
    async with AsyncElasticsearch(parts.elasticsearch_url) as search:
        await search.index(index="kept", id="1", document={"by": "elasticsearch"})


async def _read(parts: Parts) -> list[str]:
    assert parts.elasticsearch_url is not None, parts.elasticsearch_missing
    connection = await asyncpg.connect(parts.postgres_url)
    by_postgres = await connection.fetchval("SELECT by FROM kept")
    await connection.close()
    async with Redis.from_url(parts.redis_url, decode_responses=True) as redis:
        by_valkey = await redis.get("kept")
    async with AsyncElasticsearch(parts.elasticsearch_url) as search:
        by_elasticsearch = (await search.get(index="kept", id="1"))["_source"]["by"]
    return [by_postgres, by_valkey, by_elasticsearch]


async def test_data_and_ports_outlast_a_restart_beside_another_run(parts: Parts, tmp_path: Path) -> None:
    with Parts.start(tmp_path) as first:
        await _write(first)
        urls = [first.postgres_url, first.elasticsearch_url]
        ports = {urlsplit(url).port for url in (first.postgres_url, first.redis_url, first.elasticsearch_url or "")}
        others = {urlsplit(url).port for url in (parts.postgres_url, parts.redis_url, parts.elasticsearch_url or "")}
        assert len(ports | others) == 6
        for name in ("postgres", "valkey", "elasticsearch"):
            assert (tmp_path / "logs" / f"{name}.log").stat().st_size > 0
    with Parts.start(tmp_path) as second:
        assert [second.postgres_url, second.elasticsearch_url] == urls
        assert await _read(second) == ["postgres", "valkey", "elasticsearch"]


def test_one_run_for_each_folder(tmp_path: Path) -> None:
    given = {"postgres_url": "postgresql://a", "redis_url": "redis://b", "elasticsearch_url": "http://c"}
    with (
        Parts.start(tmp_path, **given),  # type: ignore[arg-type]
        pytest.raises(DataInUse, match=r"in use by process \d+: stop that one"),
    ):
        Parts.start(tmp_path, **given)  # type: ignore[arg-type]


def test_given_urls_start_nothing(tmp_path: Path) -> None:
    given = {"postgres_url": "postgresql://a", "redis_url": "redis://b", "elasticsearch_url": "http://c"}
    with Parts.start(tmp_path, **given) as parts:  # type: ignore[arg-type]
        assert [parts.postgres_url, parts.redis_url, parts.elasticsearch_url] == list(given.values())
        parts.write_env(tmp_path / "demo.env")
    assert list((tmp_path / "logs").iterdir()) == []
    assert (tmp_path / "demo.env").read_text().splitlines() == [
        "ANAMNESIS_DATABASE_URL=postgresql://a",
        "ANAMNESIS_REDIS_URL=redis://b",
        "ANAMNESIS_ELASTICSEARCH_URL=http://c",
    ]
    assert stat.S_IMODE((tmp_path / "demo.env").stat().st_mode) == 0o600


async def test_strangers_are_kept_out(parts: Parts) -> None:
    """Other users of the machine reach the ports, so both servers ask for the password."""
    address = urlsplit(parts.postgres_url)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host=address.hostname, port=address.port, user="anamnesis", password="guess", database="anamnesis"
        )
    async with Redis(host="127.0.0.1", port=urlsplit(parts.redis_url).port or 0) as stranger:
        with pytest.raises(AuthenticationError):
            await stranger.ping()


async def test_a_lost_password_is_replaced(tmp_path: Path) -> None:
    with Parts.start(tmp_path, redis_url="redis://given", want_elasticsearch=False, fast=True) as parts:
        before = urlsplit(parts.postgres_url).password
    (tmp_path / "postgres.password").unlink()
    with Parts.start(tmp_path, redis_url="redis://given", want_elasticsearch=False, fast=True) as parts:
        assert urlsplit(parts.postgres_url).password != before
        connection = await asyncpg.connect(parts.postgres_url)
        assert await connection.fetchval("SELECT current_database()") == "anamnesis"
        await connection.close()


async def test_log_holds_no_values_of_failed_statements(parts: Parts, database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute("CREATE TABLE held (mrn text PRIMARY KEY)")
    await connection.execute("INSERT INTO held VALUES ($1)", "mrn-4711-secret")
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("INSERT INTO held VALUES ('mrn-4711-secret')")
    await connection.close()
    log = (parts.logs / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "4711" not in log
