"""Searches over the sample, from the index, against the CSV files."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests import synthea
from tests.acceptance.asking import Client

PATIENTS = synthea.patients()
PATIENT_SEARCH = """query ($query: String!, $filter: PatientFilter, $after: String) {
    searchPatients(query: $query, filter: $filter, first: 5, after: $after) {
        totalCount status { degraded indexedAsOf totalIsExact } pageInfo { hasNextPage endCursor }
        nodes { id } edges { node { id name { family } } score highlights { field parts { text hit } } }
    } }"""
HISTORY_SEARCH = """query ($query: String!, $id: ID, $filter: HistoryFilter, $after: String) {
    searchHistory(query: $query, patientId: $id, filter: $filter, first: 100, after: $after) {
        totalCount status { degraded } pageInfo { hasNextPage endCursor }
        nodes { id kind recordedAt code { code display } patient { id } }
    } }"""


@pytest.fixture(scope="module")
def client(gateway_url: str) -> Iterator[Client]:
    client = Client(gateway_url)
    yield client
    client.close()


def test_every_patient_is_found_by_name_mrn_and_birth_date(client: Client) -> None:
    for patient in PATIENTS.values():
        family, given = (name.rstrip("0123456789") for name in (patient.family, patient.given))
        for query in (f"{given} {family}", f"{family} {given[:3]}", patient.id, f"{family} {patient.birth_date[:4]}"):
            found = client.ask(PATIENT_SEARCH, query=query)["searchPatients"]
            assert patient.id in [node["id"] for node in found["nodes"]], "a search for a patient's own details"
            assert not found["status"]["degraded"]
            assert found["status"]["indexedAsOf"] is not None


def test_highlights_are_the_text_itself(client: Client) -> None:
    patient = synthea.biggest()
    found = client.ask(PATIENT_SEARCH, query="kun")["searchPatients"]
    (edge,) = [edge for edge in found["edges"] if edge["node"]["id"] == patient.id]
    (family,) = [each for each in edge["highlights"] if each["field"] == "name.family"]
    assert "".join(part["text"] for part in family["parts"]) == patient.family
    assert [part["text"] for part in family["parts"] if part["hit"]] == [patient.family[:3]]


def test_pages_of_a_search_are_the_whole_of_it(client: Client) -> None:
    found = list(client.walk(PATIENT_SEARCH, "searchPatients", query="massachusetts"))
    assert Counter(node["id"] for node in found) == Counter(PATIENTS.keys())


def test_a_cursor_belongs_to_its_search(client: Client) -> None:
    cursor = client.ask(PATIENT_SEARCH, query="massachusetts")["searchPatients"]["pageInfo"]["endCursor"]
    assert client.code(PATIENT_SEARCH, query="boston", after=cursor) == "BAD_CURSOR"


def test_filters_of_a_search(client: Client) -> None:
    wanted = {"sex": ["FEMALE"], "birthDateFrom": "1970-01-01", "deceased": False}
    found = client.walk(PATIENT_SEARCH, "searchPatients", query="massachusetts", filter=wanted)
    assert {node["id"] for node in found} == {
        patient.id
        for patient in PATIENTS.values()
        if patient.sex == "FEMALE" and patient.birth_date >= "1970-01-01" and patient.deceased_at is None
    }


def test_history_of_a_patient(client: Client) -> None:
    patient = synthea.biggest()
    found = list(client.walk(HISTORY_SEARCH, "searchHistory", query="hemoglobin", id=patient.id))
    total = client.ask(HISTORY_SEARCH, query="hemoglobin", id=patient.id)["searchHistory"]["totalCount"]
    said = {node["id"] for node in found if "hemoglobin" in node["code"]["display"].lower()}
    there = [event for event in patient.events if "hemoglobin" in (event.display or "").lower()]
    assert len(said) == len(there) > 100
    assert total == len(found)
    assert {node["patient"]["id"] for node in found} == {patient.id}


def test_history_across_patients_by_kind(client: Client) -> None:
    found = list(
        client.walk(HISTORY_SEARCH, "searchHistory", query="chronic sinusitis", filter={"kinds": ["CONDITION"]})
    )
    exact = Counter(node["patient"]["id"] for node in found if "Chronic sinusitis" in node["code"]["display"])
    assert exact == Counter(
        patient.id
        for patient in PATIENTS.values()
        for event in patient.events
        if event.kind == "CONDITION" and "Chronic sinusitis" in (event.display or "")
    )
    assert exact.total() > 0
