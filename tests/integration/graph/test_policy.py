"""A policy that denies: single records say so, lists lose rows without a word, totals are not told."""

from dataclasses import dataclass, field
from uuid import UUID

from db.encounters import EncounterRow
from db.history import EventRow
from db.patients import PatientRow
from graph.context import Services
from resolvers.policy import Row
from tests.integration.graph.asking import ask
from tests.seed import HEAVY


@dataclass
class Denying:
    """Hides patients, kinds of events, and encounters of a class."""

    patients: set[UUID] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    unrestricted: bool = False

    def permits(self, row: Row) -> bool:
        match row:
            case PatientRow():
                return row.id not in self.patients
            case EventRow():
                return row.kind not in self.kinds
            case EncounterRow():
                return row.class_ not in self.classes
            case _:
                return True


ID = {"id": str(HEAVY)}


async def test_a_forbidden_patient_is_null_and_said_so(services: Services) -> None:
    query = 'query ($id: ID!) { patient(id: $id) { id } node(id: $id) { id } mrn: patient(mrn: "MRN1") { id } }'
    answer = await ask(services, query, ID, Denying(patients={HEAVY}))
    assert answer.data == {"patient": None, "node": None, "mrn": None}
    assert [error["extensions"]["code"] for error in answer.errors] == ["FORBIDDEN"] * 3


async def test_a_list_loses_what_is_forbidden(services: Services) -> None:
    query = """query ($id: ID!) { patient(id: $id) {
        history(first: 100) { nodes { kind } edges { node { kind } } }
        encounters(first: 100) { nodes { class events { nodes { kind } } } }
    } }"""
    free = await ask(services, query, ID)
    answer = await ask(services, query, ID, Denying(kinds={"OBSERVATION"}, classes={"EMERGENCY"}))
    assert answer.errors == []
    kinds = [node["kind"] for node in free.data["patient"]["history"]["nodes"]]
    assert "OBSERVATION" in kinds
    seen = answer.data["patient"]["history"]
    assert [node["kind"] for node in seen["nodes"]] == [kind for kind in kinds if kind != "OBSERVATION"]
    assert len(seen["edges"]) == len(seen["nodes"])
    encounters = answer.data["patient"]["encounters"]["nodes"]
    assert {node["class"] for node in encounters} == {"AMBULATORY", "WELLNESS", "INPATIENT"}
    assert all(event["kind"] != "OBSERVATION" for node in encounters for event in node["events"]["nodes"])


async def test_a_total_tells_nothing_of_hidden_rows(services: Services) -> None:
    query = "query ($id: ID!) { patient(id: $id) { history { totalCount } summary { lastEncounter { id } } } }"
    answer = await ask(services, query, ID, Denying(kinds={"OBSERVATION"}))
    assert answer.data["patient"]["history"] == {"totalCount": None}
    assert answer.data["patient"]["summary"]["lastEncounter"] is not None
    assert [error["extensions"]["code"] for error in answer.errors] == ["FORBIDDEN"]


async def test_the_summary_hides_them_too(services: Services) -> None:
    query = "query ($id: ID!) { patient(id: $id) { summary { latestVitals { id } allergies { id } } } }"
    answer = await ask(services, query, ID, Denying(kinds={"OBSERVATION"}))
    assert answer.data["patient"]["summary"]["latestVitals"] == []
    assert answer.data["patient"]["summary"]["allergies"] != []


async def test_a_page_of_hidden_rows_leads_on(services: Services) -> None:
    """Its cursors stay, or a client would start again and again."""
    query = """query ($id: ID!, $after: String) { patient(id: $id) { history(first: 1, after: $after) {
        nodes { kind } pageInfo { hasNextPage startCursor endCursor } } } }"""
    kinds, after = [], None
    policy = Denying(kinds={"OBSERVATION"})
    for _ in range(30):
        page = (await ask(services, query, {**ID, "after": after}, policy)).data["patient"]["history"]
        kinds += [node["kind"] for node in page["nodes"]]
        assert page["pageInfo"]["startCursor"] == page["pageInfo"]["endCursor"] != after
        after = page["pageInfo"]["endCursor"]
    free = "query ($id: ID!) { patient(id: $id) { history(first: 30) { nodes { kind } } } }"
    all_kinds = [node["kind"] for node in (await ask(services, free, ID)).data["patient"]["history"]["nodes"]]
    assert kinds == [kind for kind in all_kinds if kind != "OBSERVATION"]
    assert len(kinds) < 30


async def test_edges_to_a_forbidden_record_are_null(services: Services) -> None:
    query = """query ($id: ID!) { node(id: $id) { ... on Encounter { class patient { id } organization { name } } } }"""
    encounter = {"id": "0000000e-0000-4000-8000-000000000001"}
    answer = await ask(services, query, encounter, Denying(patients={HEAVY}))
    assert answer.data["node"]["patient"] is None
    assert answer.data["node"]["organization"] is not None
    assert [error["extensions"]["code"] for error in answer.errors] == ["FORBIDDEN"]


async def test_searches_hide_rows_and_totals(services: Services) -> None:
    query = """query ($id: ID!) {
        searchHistory(query: "display", patientId: $id, first: 100) { nodes { kind } }
        total: searchHistory(query: "display", patientId: $id) { totalCount }
        searchPatients(query: "MRN1") { nodes { id } }
    }"""
    free = await ask(services, query, ID)
    assert "CONDITION" in {node["kind"] for node in free.data["searchHistory"]["nodes"]}
    assert str(HEAVY) in {node["id"] for node in free.data["searchPatients"]["nodes"]}
    answer = await ask(services, query, ID, Denying(kinds={"CONDITION"}, patients={HEAVY}))
    assert "CONDITION" not in {node["kind"] for node in answer.data["searchHistory"]["nodes"]}
    assert str(HEAVY) not in {node["id"] for node in answer.data["searchPatients"]["nodes"]}
    assert answer.data["total"] == {"totalCount": None}
