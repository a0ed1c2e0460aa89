"""Elasticsearch counts as the rule in search/matching.py does: for every record, any query."""

import random

import asyncpg

from db.search import PatientText
from search.documents import patient_record
from search.matching import PATIENTS, parse, score
from search.service import SearchService
from search.types import PatientCriteria
from tests.integration.search.conftest import Place

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def mistyped(word: str, chance: random.Random) -> str:
    at = chance.randrange(len(word))
    match chance.randrange(5):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + chance.choice(LETTERS) + word[at:]
        case 2:
            return word[:at] + chance.choice(LETTERS) + word[at + 1 :]
        case 3:
            return word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
    return word[: at + 1]


async def test_the_same_score_for_every_record(indexed: Place, elastic: SearchService) -> None:
    connection = await asyncpg.connect(indexed.url)
    columns = ", ".join(PatientText._fields)
    rows = [PatientText(*row) for row in await connection.fetch(f"select {columns} from patients")]
    await connection.close()
    chance = random.Random(1)
    matched = 0
    for _ in range(150):
        row = chance.choice(rows)
        words = [row.given_name, row.family_name, row.city, row.mrn, row.birth_date and str(row.birth_date)]
        asked = [word for word in chance.sample(words, chance.randint(1, 3)) if word]
        query = " ".join(mistyped(word, chance) if chance.random() < 0.5 else word for word in asked)
        if not any(character.isalnum() for character in query):
            continue
        parts = parse(query, PATIENTS)
        expected = {
            record.id: worth for record in rows if (worth := score(parts, patient_record(record), PATIENTS)) is not None
        }
        page = await elastic.search_patients(query, PatientCriteria(), 400)
        assert {hit.id: hit.score for hit in page.hits} == expected, query
        matched += bool(expected)
    assert matched > 75
