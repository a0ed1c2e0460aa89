"""Each list reads index ranges, in order, and no more of them than a page needs."""

import json
import re
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from db.directory import ORGANIZATIONS_BY_ID, PRACTITIONERS_BY_ID, TABLES_OF_IDS
from db.encounters import ENCOUNTERS_BY_ID, encounters_of_patient
from db.history import EVENTS_BY_ID, LATEST_VITALS
from db.keyset import REFINE_BOUND, Page, Slice
from db.patients import PATIENTS_BY_ID, PATIENTS_BY_MRN
from db.pool import READ_SETTINGS, Database, Statement
from tests.golden import matches_golden
from tests.integration.db.cases import CASES, Case
from tests.seed import HEAVY

SIZE = 20
BY_KEY = {
    statement.name: (statement, {"ids": [HEAVY], "mrns": ["MRN1"]})
    for statement in (
        PATIENTS_BY_ID,
        PATIENTS_BY_MRN,
        ENCOUNTERS_BY_ID,
        EVENTS_BY_ID,
        ORGANIZATIONS_BY_ID,
        PRACTITIONERS_BY_ID,
        TABLES_OF_IDS,
    )
}


@pytest.fixture
async def planner(seeded_url: str) -> asyncpg.Connection:
    # Prepared statements run on generic plans, so those are looked at; tables of a test are small enough to scan.
    connection = await asyncpg.connect(
        seeded_url,
        statement_cache_size=0,
        server_settings=READ_SETTINGS | {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"},
    )
    yield connection
    await connection.close()


async def explain(connection: asyncpg.Connection, statement: Statement, values: dict[str, Any]) -> dict[str, Any]:
    await connection.execute("deallocate all")  # the connection keeps no statement of its own
    await connection.execute(f"prepare asked as {statement.text}")
    arguments = ", ".join(literal(value) for value in statement.arguments(values))
    text = f"explain (analyze, buffers, timing off, format json) execute asked{f'({arguments})' if arguments else ''}"
    plan: dict[str, Any] = json.loads(await connection.fetchval(text))[0]["Plan"]
    return plan


def literal(value: Any) -> str:
    if isinstance(value, list):
        return "'{" + ",".join(f'"{entry}"' for entry in value) + "}'"
    return f"'{value}'"


def parameters(case: Case, page: Page) -> dict[str, Any]:
    values = dict(case.values, size=page.size + 1, bound=REFINE_BOUND)
    if case.listing.owner:
        values[f"{case.listing.owner}_values"] = list(case.owners)
    return values


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def outline(plan: dict[str, Any], depth: int = 0) -> str:
    """The plan without figures: node types, indexes and their conditions."""
    said = [plan["Node Type"], plan.get("Index Name") or plan.get("Relation Name") or ""]
    said += [
        re.sub(r"_\d+\b", "", f"{name.lower()}: {plan[name]}") for name in ("Index Cond", "Sort Key") if name in plan
    ]
    line = "  " * depth + " ".join(part for part in said if part) + "\n"
    return line + "".join(outline(child, depth + 1) for child in plan.get("Plans", ()))


def assert_bounded(plan: dict[str, Any], most_rows: int) -> None:
    for node in nodes(plan):
        assert node["Node Type"] != "Seq Scan", outline(plan)
        if node["Node Type"] in ("Sort", "Incremental Sort"):
            assert node["Plans"][0]["Actual Rows"] * node["Plans"][0]["Actual Loops"] <= most_rows, outline(plan)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_page_reads_index_ranges_only(planner: asyncpg.Connection, case: Case) -> None:
    page = Page(SIZE)
    plan = await explain(planner, case.listing.page_statement(case.plan, page), parameters(case, page))
    branches = 1
    for name in case.plan.branches:
        branches *= len(case.values[f"{name}_values"])
    owners = max(1, len(case.owners))
    assert_bounded(plan, owners * branches * (SIZE + 1))
    # Some 5 buffers for a row of the heap reached by its index, and as many to find each range.
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= 10 * owners * branches * (SIZE + 1)
    matches_golden(f"plans/{case.name}.txt", outline(plan))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_later_pages_read_no_more_than_the_first(
    planner: asyncpg.Connection, case: Case, records: Database
) -> None:
    """From either end, and from a position in the middle."""
    first = await case.listing.pages(records, case.owners, case.plan, case.values, Page(1))
    page = next(iter(first.values()), None)
    if not isinstance(page, Slice):
        return  # an empty list has no position
    position = page.items[-1].position
    branches = 1
    for name in case.plan.branches:
        branches *= len(case.values[f"{name}_values"])
    ranges = max(1, len(case.owners)) * branches
    for asked in (
        Page(SIZE, after=position),
        Page(SIZE, backward=True),
        Page(SIZE, before=position, backward=True),
        Page(0, before=position, backward=True, inclusive=True),
    ):
        values = parameters(case, asked)
        for side, edge in (("after", asked.after), ("before", asked.before)):
            if edge is not None:
                values |= {f"{side}_{name}": value for name, value in zip(case.listing.order, edge, strict=True)}
        plan = await explain(planner, case.listing.page_statement(case.plan, asked), values)
        assert_bounded(plan, ranges * (SIZE + 1))
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= 10 * ranges * (SIZE + 1)


async def test_latest_vitals_read_the_observations_by_index(planner: asyncpg.Connection) -> None:
    """All of a patient's observations, until the summary is a read model of its own."""
    plan = await explain(planner, LATEST_VITALS, {"patient_id_values": [HEAVY]})
    assert {node["Index Name"] for node in nodes(plan) if "Index Name" in node} == {"events_patient_kind"}
    matches_golden("plans/latest vitals.txt", outline(plan))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_count_reads_the_index_only(planner: asyncpg.Connection, case: Case) -> None:
    plan = await explain(planner, case.listing.count_statement(case.plan), parameters(case, Page(SIZE)))
    counted = [node for node in nodes(plan) if "Index Name" in node]
    # What is refined on the rows of an encounter, or of a code, is little; everything else is read from the index.
    refined_on_rows = (
        set(case.plan.refined) & {"kinds", "codes", "open", "ended"} and case.listing is not encounters_of_patient
    )
    kinds = {"Index Only Scan"} | ({"Index Scan", "Bitmap Index Scan"} if refined_on_rows else set())
    assert counted
    assert {node["Node Type"] for node in counted} <= kinds, outline(plan)
    assert_bounded(plan, 0)


@pytest.mark.parametrize("name", BY_KEY)
async def test_rows_are_found_by_their_key(planner: asyncpg.Connection, name: str) -> None:
    statement, values = BY_KEY[name]
    plan = await explain(planner, statement, values)
    assert_bounded(plan, 0)
    matches_golden(f"plans/{name}.txt", outline(plan))


async def test_every_index_serves_a_read(planner: asyncpg.Connection) -> None:
    """An index that no page, count or look-up uses is only a cost to writers."""
    used = set()
    for case in CASES:
        for page in (Page(SIZE), Page(SIZE, backward=True)):
            values = parameters(case, page)
            plans = [
                await explain(planner, case.listing.page_statement(case.plan, page), values),
                await explain(planner, case.listing.count_statement(case.plan), values),
            ]
            used |= {node.get("Index Name") for plan in plans for node in nodes(plan)}
    for statement, values in BY_KEY.values():
        used |= {node.get("Index Name") for node in nodes(await explain(planner, statement, values))}
    plan = await explain(planner, LATEST_VITALS, {"patient_id_values": [HEAVY]})
    used |= {node.get("Index Name") for node in nodes(plan)}
    indexes = await planner.fetch("select indexname from pg_indexes where schemaname = 'public'")
    # The stand-in for search has its own test of these; the primary keys below guard writes.
    elsewhere = {"patients_search_text", "concepts_search_text", "events_code", "concepts_pkey", "alembic_version_pkc"}
    assert {row[0] for row in indexes} - used - elsewhere == set()


@pytest.mark.parametrize("table", ["encounters", "events"])
async def test_deleting_a_patient_finds_its_rows_by_index(planner: asyncpg.Connection, table: str) -> None:
    plan = json.loads(await planner.fetchval(f"explain (format json) delete from {table} where patient_id = $1", HEAVY))
    assert "Seq Scan" not in outline(plan[0]["Plan"])
