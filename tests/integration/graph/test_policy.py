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
