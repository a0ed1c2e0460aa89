"""What each index costs: its size, and the CPU that an insert spends on it.

    python -m bench.indexes

Inserts the same 20,000 events (and 10,000 encounters) again and again into a seeded record, each time in a transaction
that is rolled back: with all indexes, and without each of them. CPU is that of the server's process, so that other
work on the machine does not decide. Starts a PostgreSQL of its own; writes bench/results/indexes.md.
"""

import asyncio
import os
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

import asyncpg

from embedded.parts import Parts
from tests.databases import seeded

RESULT = Path(__file__).parent / "results" / "indexes.md"
ROUNDS = 5
BATCHES = {"events": ("recorded_at", 20_000), "encounters": ("started_at", 10_000)}

_TICKS = os.sysconf("SC_CLK_TCK")
_INDEXES = """
    select indexname, pg_relation_size(indexname::regclass) as bytes, indexdef
    from pg_indexes where tablename = $1 and indexname not like '%_pkey' order by indexname
"""


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


async def insert_cost(connection: asyncpg.Connection, table: str, without: str | None) -> float:
    """CPU seconds of inserting a batch of rows like those that are there, with other ids and later times."""
    time, rows = BATCHES[table]
    process = connection.get_server_pid()
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(
            f"create temp table batch on commit drop as select * from {table} order by id limit {rows}"
        )
        await connection.execute(f"update batch set id = gen_random_uuid(), {time} = {time} + interval '3000 days'")
        if without:
            await connection.execute(f'drop index "{without}"')
        before = cpu_seconds(process)
        await connection.execute(f"insert into {table} select * from batch")
        return cpu_seconds(process) - before
    finally:
        await transaction.rollback()
        # What was rolled back would slow the next insert down.
        await connection.execute(f"vacuum {table}")


async def measure(connection: asyncpg.Connection, table: str) -> list[str]:
    indexes = await connection.fetch(_INDEXES, table)
    rows = await connection.fetchval(f"select count(*) from {table}")
    heap = await connection.fetchval("select pg_relation_size($1::regclass)", table)
    costs: dict[str | None, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for name in (None, *(index["indexname"] for index in indexes)):
            costs[name].append(await insert_cost(connection, table, name))
    batch = BATCHES[table][1]
    whole = statistics.median(costs[None]) / batch
    lines = [
        f"## {table}: {rows:,} rows, {heap / rows:.0f} bytes a row",
        "",
        f"An insert with all indexes, constraints and triggers: {whole * 1e6:.0f} us of CPU a row.",
        "",
        "| index | bytes a row | us a row | share of an insert |",
        "| --- | ---: | ---: | ---: |",
    ]
    for index in indexes:
        saved = max(0.0, whole - statistics.median(costs[index["indexname"]]) / batch)
        lines.append(
            f"| {index['indexname']} | {index['bytes'] / rows:.0f} | {saved * 1e6:.1f} | {saved / whole:.0%} |"
        )
    return [*lines, ""]


async def run(server_url: str) -> str:
    async with seeded(server_url) as url:
        connection = await asyncpg.connect(url, command_timeout=300)
        try:
            version = await connection.fetchval("show server_version")
            lines = [
                "# What the indexes cost",
                "",
                f"Made by `make bench` on PostgreSQL {version}: medians of {ROUNDS} rounds. Bytes a row count the rows"
                " of the table, so a partial index looks as small as it is.",
                "",
            ]
            for table in BATCHES:
                lines += await measure(connection, table)
            return "\n".join(lines)
        finally:
            await connection.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Parts.start(Path(folder), want_elasticsearch=False) as parts:
        report = asyncio.run(run(parts.postgres_url))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(report)
    print(report)


if __name__ == "__main__":
    main()
