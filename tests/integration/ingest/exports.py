"""Small exports to import: some patients of the sample, changed as a test needs."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg

from tests import synthea

DIRECTORY = ("organizations.csv", "providers.csv", "patients.csv", "encounters.csv")
FILES = (*DIRECTORY, *(name for name, *_ in synthea.EVENT_FILES))

Rows = dict[str, list[dict[str, str]]]


def some(patients: int = 6) -> Rows:
    """Everything of the patients with the fewest events among those that have an encounter."""
    smallest = sorted(synthea.patients().values(), key=lambda each: (len(each.events), each.id))
    kept = {patient.id for patient in smallest[:patients]}
    rows: Rows = {}
    for name in FILES:
        of_patient = "Id" if name == "patients.csv" else "PATIENT"
        rows[name] = [row for row in synthea.read(name) if row.get(of_patient) in kept or name in DIRECTORY[:2]]
    return rows


def write(folder: Path, rows: Rows, columns: Callable[[list[str]], list[str]] = list) -> Path:
    """Writes the files as Synthea does, without quotation marks; `columns` may reorder or drop some."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, listed in rows.items():
        header = columns(list(next(iter(synthea.read(name)))))
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header, restval="", extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(listed)
    return folder


TABLES = ("organizations", "practitioners", "patients", "encounters", "events", "patient_activity", "concepts")


async def contents(url: str) -> dict[str, list[str]]:
    """Every row of every table, as text, in order."""
    connection = await asyncpg.connect(url, server_settings={"timezone": "UTC"})
    try:
        return {
            table: [
                row[0] for row in await connection.fetch(f'select t::text from {table} t order by t::text collate "C"')
            ]
            for table in TABLES
        }
    finally:
        await connection.close()


async def fetch(url: str, query: str, *arguments: Any) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url, server_settings={"timezone": "UTC"})
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()
