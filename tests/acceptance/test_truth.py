"""Every figure in every answer is what the CSV files say: all patients, all nine kinds, every page.

The files are read with plain Python (tests/synthea.py); nothing of the importer is shared.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests import synthea
from tests.acceptance.asking import Client

KINDS = [kind for _, kind, *_ in synthea.EVENT_FILES]
ENDING = ("ALLERGY", "CARE_PLAN", "CONDITION", "DEVICE", "MEDICATION", "PROCEDURE")
PATIENTS = synthea.patients()

EVENT = """
    __typename id kind code { system code display } status recordedAt precision encounter { id }
    ... on Allergy { endedAt category reactions { manifestation { code } severity } }
    ... on CarePlan { endedAt reason { code } }
    ... on Condition { endedAt conditionCategory: category }
    ... on Device { endedAt udi }
    ... on Medication { endedAt reason { code } dispenses dosage }
    ... on Observation { category quantity { value unit } text panelId }
    ... on Procedure { endedAt reason { code } }
"""
HISTORY = (
    "query ($id: ID!, $after: String, $filter: HistoryFilter) { patient(id: $id) {"
    " history(first: 100, after: $after, filter: $filter) { totalCount pageInfo { hasNextPage endCursor } nodes {%s} }"
    " } }"
)
IDS = HISTORY % "id recordedAt"


@pytest.fixture(scope="module")
def client(gateway_url: str) -> Iterator[Client]:
    client = Client(gateway_url)
    yield client
    client.close()


def status(event: synthea.Event) -> str:
    if event.kind not in ENDING or event.kind == "PROCEDURE":
        return "COMPLETED"
    if event.ended_at is None:
        return "ACTIVE"
    return "STOPPED" if event.kind in ("MEDICATION", "DEVICE") else "COMPLETED"


def expected(event: synthea.Event) -> tuple[Any, ...]:
    """What an answer says of an event, ids aside."""
    return (
        event.kind, event.code, event.recorded_at, event.precision, event.ended_at, event.encounter_id, status(event),
        event.category, event.reason_code, event.value_number, event.value_unit, event.value_text, event.udi,
        event.dispenses, event.reactions,
    )  # fmt: skip


def said(node: dict[str, Any]) -> tuple[Any, ...]:
    quantity = node.get("quantity") or {}
    return (
        node["kind"], node["code"]["code"], node["recordedAt"], node["precision"], node.get("endedAt"),
        (node["encounter"] or {}).get("id"), node["status"], node.get("category", node.get("conditionCategory")),
        (node.get("reason") or {}).get("code"), quantity.get("value"), quantity.get("unit"), node.get("text"),
        node.get("udi"), node.get("dispenses"),
        tuple((each["manifestation"]["code"], each["severity"]) for each in node.get("reactions", ())),
    )  # fmt: skip


def newest_first(nodes: list[dict[str, Any]], time: str) -> bool:
    keys = [(node[time], node["id"]) for node in nodes]
    return keys == sorted(keys, reverse=True)


def test_the_patients_are_those_of_the_file(client: Client) -> None:
    query = """query ($after: String) { patients(first: 30, after: $after, orderBy: NAME) {
        totalCount pageInfo { hasNextPage endCursor } nodes {
            id mrn name { given family full } birthDate deceased deceasedAt sex address { city state postalCode }
        } } }"""
    assert client.ask(query, after=None)["patients"]["totalCount"] == len(PATIENTS)
    nodes = list(client.walk(query, "patients"))
    assert [node["id"] for node in nodes] == [
        patient.id for patient in sorted(PATIENTS.values(), key=lambda p: (p.family.lower(), p.given.lower(), p.id))
    ]
    for node in nodes:
        patient = PATIENTS[node["id"]]
        assert node["mrn"] == patient.id
        assert (node["name"]["given"], node["name"]["family"]) == (patient.given, patient.family)
        assert node["birthDate"] == patient.birth_date
        assert (node["deceased"], node["deceasedAt"]) == (patient.deceased_at is not None, patient.deceased_at)
        assert node["sex"] == patient.sex
        place = {"city": patient.city, "state": patient.state, "postalCode": patient.postal_code}
        assert node["address"] == place


@pytest.mark.parametrize("by", ["id", "mrn"])
def test_a_patient_is_found_by_id_and_by_mrn(client: Client, by: str) -> None:
    for patient in PATIENTS.values():
        data = client.ask("query ($id: ID, $mrn: String) { patient(id: $id, mrn: $mrn) { id } }", **{by: patient.id})
        assert data == {"patient": {"id": patient.id}}


def test_encounters_of_every_patient(client: Client) -> None:
    query = """query ($id: ID!, $after: String) { patient(id: $id) { encounters(first: 100, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } nodes {
            id class type { system code display } reason { code } startedAt endedAt
            organization { id name } practitioner { id name }
        } } } }"""
    organizations = {row["Id"]: row["NAME"] for row in synthea.read("organizations.csv")}
    providers = {row["Id"]: row["NAME"] for row in synthea.read("providers.csv")}
    for patient in PATIENTS.values():
        nodes = list(client.walk(query, "patient.encounters", id=patient.id))
        total = client.ask(query, id=patient.id)["patient"]["encounters"]["totalCount"]
        assert total == len(nodes) == len(patient.encounters)
        assert newest_first(nodes, "startedAt")
        encounters = {encounter.id: encounter for encounter in patient.encounters}
        assert encounters.keys() == {node["id"] for node in nodes}
        for node in nodes:
            encounter = encounters[node["id"]]
            assert node["class"] == encounter.encounter_class
            assert node["type"]["code"] == encounter.code
            assert node["type"]["display"] == encounter.display
            assert (node["reason"] or {}).get("code") == encounter.reason_code
            assert (node["startedAt"], node["endedAt"]) == (encounter.started_at, encounter.ended_at)
            organization, provider = encounter.organization_id, encounter.practitioner_id
            assert node["organization"] == {"id": organization, "name": organizations[organization]}
            assert node["practitioner"] == {"id": provider, "name": providers[provider]}


def test_history_of_every_patient_whole_and_by_kind(client: Client) -> None:
    for patient in PATIENTS.values():
        nodes = list(client.walk(HISTORY % EVENT, "patient.history", id=patient.id))
        assert newest_first(nodes, "recordedAt")
        assert len({node["id"] for node in nodes}) == len(nodes)
        assert Counter(map(said, nodes)) == Counter(map(expected, patient.events))
        by_kind: dict[str, list[str]] = {kind: [] for kind in KINDS}
        for node in nodes:
            by_kind[node["kind"]].append(node["id"])
        for kind, ids in by_kind.items():
            found = list(client.walk(IDS, "patient.history", id=patient.id, filter={"kinds": [kind]}))
            assert [node["id"] for node in found] == ids


def test_totals_of_every_patient_and_kind(client: Client) -> None:
    counts = " ".join(f"{kind}: history(first: 0, filter: {{kinds: [{kind}]}}) {{ totalCount }}" for kind in KINDS)
    query = f"query ($id: ID!) {{ patient(id: $id) {{ all: history(first: 0) {{ totalCount }} {counts} }} }}"
    for patient in PATIENTS.values():
        data = client.ask(query, id=patient.id)["patient"]
        assert data.pop("all")["totalCount"] == len(patient.events)
        assert {kind: count["totalCount"] for kind, count in data.items()} == {
            kind: patient.counts()[kind] for kind in KINDS
        }


@pytest.mark.parametrize("active", [True, False])
def test_what_is_open_and_what_is_over(client: Client, active: bool) -> None:
    query = HISTORY % "kind code { code } recordedAt"
    for patient in PATIENTS.values():
        events = [event for event in patient.events if event.kind in ENDING and (event.ended_at is None) == active]
        nodes = list(client.walk(query, "patient.history", id=patient.id, filter={"active": active}))
        assert Counter((node["kind"], node["code"]["code"], node["recordedAt"]) for node in nodes) == Counter(
            (event.kind, event.code, event.recorded_at) for event in events
        )


def test_codes_and_times(client: Client) -> None:
    patient = synthea.biggest()
    start, end = "2018-01-01T00:00:00Z", "2021-06-01T00:00:00Z"
    codes = [code for code, _ in Counter(event.code for event in patient.events).most_common(40)]
    for chosen in ([codes[0]], [codes[3], codes[17]], codes):
        for span in ({}, {"from": start}, {"to": end}, {"from": start, "to": end}):
            found = list(client.walk(IDS, "patient.history", id=patient.id, filter={"codes": chosen, **span}))
            assert newest_first(found, "recordedAt")
            assert Counter(node["recordedAt"] for node in found) == Counter(
                event.recorded_at
                for event in patient.events
                if event.code in chosen
                and event.recorded_at >= span.get("from", "")
                and event.recorded_at < span.get("to", "9")
            )


def test_encounters_by_class_and_place(client: Client) -> None:
    query = """query ($id: ID!, $after: String, $filter: EncounterFilter) { patient(id: $id) {
        encounters(first: 100, after: $after, filter: $filter) {
            pageInfo { hasNextPage endCursor } nodes { id startedAt } } } }"""
    for patient in PATIENTS.values():
        for encounter_class in sorted({encounter.encounter_class for encounter in patient.encounters}):
            found = list(client.walk(query, "patient.encounters", id=patient.id, filter={"class": [encounter_class]}))
            assert newest_first(found, "startedAt")
            assert {node["id"] for node in found} == {
                encounter.id for encounter in patient.encounters if encounter.encounter_class == encounter_class
            }
        if not patient.encounters:
            continue
        place = patient.encounters[0].organization_id
        found = list(client.walk(query, "patient.encounters", id=patient.id, filter={"organizationId": [place]}))
        assert {node["id"] for node in found} == {
            encounter.id for encounter in patient.encounters if encounter.organization_id == place
        }


def test_events_of_every_encounter(client: Client) -> None:
    query = """query ($id: ID!, $after: String) { patient(id: $id) { encounters(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { id events(first: 100) {
            totalCount pageInfo { hasNextPage } nodes { id kind recordedAt code { code } } } } } } }"""
    for patient in PATIENTS.values():
        of_encounter: dict[str, Counter[tuple[str, str, str]]] = {each.id: Counter() for each in patient.encounters}
        for event in patient.events:
            if event.encounter_id:
                of_encounter[event.encounter_id][event.kind, event.code, event.recorded_at] += 1
        for node in client.walk(query, "patient.encounters", id=patient.id):
            events = node["events"]
            assert events["totalCount"] == of_encounter[node["id"]].total()
            assert newest_first(events["nodes"], "recordedAt")
            assert events["pageInfo"]["hasNextPage"] == (events["totalCount"] > 100)
            found = Counter((each["kind"], each["code"]["code"], each["recordedAt"]) for each in events["nodes"])
            if events["totalCount"] <= 100:
                assert found == of_encounter[node["id"]]


def test_lists_backwards_are_lists_forwards(client: Client) -> None:
    patient = synthea.biggest()
    forward = [node["id"] for node in client.walk(IDS, "patient.history", id=patient.id)]
    query = """query ($id: ID!, $before: String) { patient(id: $id) { history(last: 100, before: $before) {
        pageInfo { hasPreviousPage hasNextPage startCursor } nodes { id } } } }"""
    backward: list[str] = []
    before = None
    while True:
        page = client.ask(query, id=patient.id, before=before)["patient"]["history"]
        backward = [node["id"] for node in page["nodes"]] + backward
        assert page["pageInfo"]["hasNextPage"] == (before is not None)
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        before = page["pageInfo"]["startCursor"]
    assert backward == forward


def test_summary_of_every_patient(client: Client) -> None:
    query = """query ($id: ID!) { patient(id: $id) { summary {
        activeConditions { category recordedAt code { code } } currentMedications { recordedAt code { code } }
        allergies { code { code } } latestVitals { recordedAt code { code } quantity { value } }
        lastEncounter { id } encounterCount eventCount } } }"""
    ranks = ["DISORDER", "FINDING", "SITUATION", "OTHER"]
    for patient in PATIENTS.values():
        summary = client.ask(query, id=patient.id)["patient"]["summary"]
        events = patient.events
        assert summary["encounterCount"] == len(patient.encounters)
        assert summary["eventCount"] == len(events)
        assert Counter(each["code"]["code"] for each in summary["allergies"]) == Counter(
            event.code for event in events if event.kind == "ALLERGY"
        )
        open_conditions = [event for event in events if event.kind == "CONDITION" and event.ended_at is None]
        conditions = summary["activeConditions"]
        assert Counter(each["code"]["code"] for each in conditions) == Counter(event.code for event in open_conditions)
        assert [ranks.index(each["category"]) for each in conditions] == sorted(
            ranks.index(event.category or "OTHER") for event in open_conditions
        )
        medications = [event for event in events if event.kind == "MEDICATION" and event.ended_at is None]
        assert Counter(each["code"]["code"] for each in summary["currentMedications"]) == Counter(
            event.code for event in medications if patient.deceased_at is None
        )
        newest: dict[str, str] = {}
        values: dict[tuple[str, str], set[float | None]] = {}
        for event in events:
            if event.kind == "OBSERVATION" and event.category == "vital-signs":
                newest[event.code] = max(newest.get(event.code, ""), event.recorded_at)
                values.setdefault((event.code, event.recorded_at), set()).add(event.value_number)
        vitals = {each["code"]["code"]: each for each in summary["latestVitals"]}
        assert {code: each["recordedAt"] for code, each in vitals.items()} == newest
        for code, each in vitals.items():
            assert each["quantity"]["value"] in values[code, each["recordedAt"]]
        last = max(patient.encounters, key=lambda each: (each.started_at, each.id), default=None)
        assert summary["lastEncounter"] == (None if last is None else {"id": last.id})


def test_patients_seen_last(client: Client) -> None:
    query = """query ($after: String) { patients(first: 25, after: $after, orderBy: LAST_ENCOUNTER) {
        pageInfo { hasNextPage endCursor } nodes { id encounters(first: 1) { nodes { startedAt } } } } }"""
    nodes = list(client.walk(query, "patients"))
    assert {node["id"] for node in nodes} == PATIENTS.keys()
    times = ["".join(each["startedAt"] for each in node["encounters"]["nodes"]) for node in nodes]
    assert times == sorted(times, reverse=True)
    for node, time in zip(nodes, times, strict=True):
        assert time == max((each.started_at for each in PATIENTS[node["id"]].encounters), default="")


def test_patients_by_birth_date(client: Client) -> None:
    query = """query ($after: String, $filter: PatientFilter) {
        patients(first: 25, after: $after, filter: $filter, orderBy: BIRTH_DATE) {
        pageInfo { hasNextPage endCursor } nodes { id birthDate sex } } }"""
    chosen = {"birthDateFrom": "1950-01-01", "birthDateTo": "1990-01-01", "sex": ["FEMALE"], "deceased": False}
    nodes = list(client.walk(query, "patients", filter=chosen))
    assert [(node["birthDate"], node["id"]) for node in nodes] == sorted(
        (patient.birth_date, patient.id)
        for patient in PATIENTS.values()
        if "1950-01-01" <= patient.birth_date < "1990-01-01" and patient.sex == "FEMALE" and not patient.deceased_at
    )


def test_every_record_is_a_node(client: Client) -> None:
    patient = synthea.biggest()
    query = "query ($id: ID!) { node(id: $id) { __typename id } }"
    history = HISTORY % "__typename id encounter { id organization { id } practitioner { id } }"
    seen = {}
    for kind in KINDS:
        for other in PATIENTS.values():
            nodes = client.ask(history, id=other.id, filter={"kinds": [kind]})["patient"]["history"]["nodes"]
            if nodes:
                seen[nodes[0]["id"]] = nodes[0]["__typename"]
                break
    encounter = patient.encounters[0]
    seen |= {
        patient.id: "Patient",
        encounter.id: "Encounter",
        encounter.organization_id: "Organization",
        encounter.practitioner_id: "Practitioner",
    }
    assert len(seen) == len(KINDS) + 4
    for id_, typename in seen.items():
        assert client.ask(query, id=id_) == {"node": {"__typename": typename, "id": id_}}
    assert client.ask(query, id="00000000-0000-4000-8000-00000000dead") == {"node": None}
