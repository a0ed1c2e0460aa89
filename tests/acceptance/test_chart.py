"""The chart of the sample's biggest patient: one request, few statements, the right rows."""

import httpx
from pydantic import SecretStr

from db.pool import Statement
from gateway.app import build_app
from gateway.settings import Settings
from tests import synthea
from tests.acceptance.conftest import ROOT

CHART = (ROOT / "examples" / "chart.graphql").read_text()


async def test_the_chart_takes_six_statements(sample_url: str, redis_url: str) -> None:
    patient = synthea.biggest()
    settings = Settings(
        database_url=SecretStr(sample_url), redis_url=SecretStr(redis_url), cursor_key=SecretStr("k" * 32)
    )
    app = build_app(settings)
    ran: list[Statement] = []
    async with app.router.lifespan_context(app):
        app.state.open.database.observer = ran.append
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            asked = {"query": CHART, "variables": {"mrn": patient.id}}
            body = (await client.post("/graphql", json=asked)).json()
    assert "errors" not in body
    chart = body["data"]["patient"]

    newest = sorted(patient.encounters, key=lambda encounter: (encounter.started_at, encounter.id), reverse=True)[:20]
    assert [node["id"] for node in chart["encounters"]["nodes"]] == [encounter.id for encounter in newest]
    for node in chart["encounters"]["nodes"]:
        times = sorted(
            (event.recorded_at for event in patient.events if event.encounter_id == node["id"]), reverse=True
        )
        assert [event["recordedAt"] for event in node["events"]["nodes"]] == times[:10]
    wanted = [event for event in patient.events if event.kind in ("CONDITION", "MEDICATION")]
    times = sorted((event.recorded_at for event in wanted), reverse=True)
    assert [node["recordedAt"] for node in chart["conditionsAndMedications"]["nodes"]] == times[:50]

    assert 1 <= len(ran) <= 6, [statement.name for statement in ran]
